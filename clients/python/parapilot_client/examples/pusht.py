"""Scores a node's PushT policy in gym-pusht; prints one JSON object.

With `parapilot run launch/pusht.yaml` in another terminal:
  $ python -m parapilot_client.examples.pusht --episodes 50 --seed 100000
"""

from parapilot_client.adapters.pusht import PushT

from .scoring import score

if __name__ == "__main__":
    score("pusht", lambda _: PushT())
