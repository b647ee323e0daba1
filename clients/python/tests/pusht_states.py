"""Plays gym-pusht with the actions on standard input, from each seed, and prints what is seen at every step."""

import json
import sys

import numpy as np

from parapilot_client.adapters.pusht import PushT


def shown(observation):
    return [*observation["keypoints"].reshape(-1).tolist(), *observation["agent_position"].tolist()]


def main():
    asked = json.load(sys.stdin)
    env = PushT()
    episodes = []
    for seed in asked["seeds"]:
        steps = [[*shown(env.reset(seed=seed)[0]), None]]
        for action in asked["actions"]:
            observation, reward, *_ = env.step(np.array(action))
            steps.append([*shown(observation), reward])
        episodes.append(steps)
    json.dump(episodes, sys.stdout)


if __name__ == "__main__":
    main()
