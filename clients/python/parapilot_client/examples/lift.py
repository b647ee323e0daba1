"""Scores a node's Lift policy in robosuite; prints one JSON object.

Actions of ten numbers are absolute targets, of seven deltas.

With `parapilot run launch/lift.yaml` in another terminal:
  $ python -m parapilot_client.examples.lift --episodes 50 --seed 100000
"""

from parapilot_client.adapters.lift import Lift

from .scoring import score

if __name__ == "__main__":
    score("lift", lambda policy: Lift("absolute" if len(policy.description.action) == 10 else "delta"))
