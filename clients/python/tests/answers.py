"""Shows a node the observations on standard input, and prints the actions that come back as hexadecimal digits."""

import json
import sys

from parapilot_client import ParapilotPolicy


def main():
    asked = json.load(sys.stdin)
    with ParapilotPolicy(asked["endpoint"]) as policy:
        policy.reset(episode=asked["episode"])
        actions = []
        for observation in asked["observations"]:
            policy.infer(observation)
            actions.append(policy.last.actions.astype("<f4").tobytes().hex())
    json.dump(actions, sys.stdout)


if __name__ == "__main__":
    main()
