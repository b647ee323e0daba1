"""Scores a node's Lift policy in robosuite; prints one JSON object.

Actions of ten numbers are absolute targets, of seven deltas. A policy that sees `object`, which only robomimic's data
have, is taken to be trained on those.

With `parapilot run launch/lift.yaml` in another terminal:
  $ python -m parapilot_client.examples.lift --episodes 50 --seed 100000
"""

from parapilot_client import ParapilotPolicy
from parapilot_client.adapters.lift import Lift

from .scoring import score


def world(policy: ParapilotPolicy) -> Lift:
    seen = [entry.name for entry in policy.description.observation]
    return Lift(
        "absolute" if len(policy.description.action) == 10 else "delta",
        convention="robomimic" if "object" in seen else "parapilot",
    )


if __name__ == "__main__":
    score("lift", world)
