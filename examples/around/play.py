"""Plays the world by a node's policy: `parapilot run launch.yaml` in one terminal, this in another.

  $ python play.py --episodes 20
"""

from __future__ import annotations

import argparse

import numpy as np
from world import Around

from parapilot_client import DEFAULT_ENDPOINT, ParapilotPolicy


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--endpoint", default=DEFAULT_ENDPOINT, help="where the node listens (%(default)s)")
    parser.add_argument("--episodes", type=int, default=20)
    flags = parser.parse_args()
    world = Around()
    best = []
    with ParapilotPolicy(flags.endpoint) as policy:
        for seed in range(100_000, 100_000 + flags.episodes):
            observation, _ = world.reset(seed=seed)
            policy.reset(episode=seed)
            reward, rewards, done = 0.0, [], False
            while not done:
                action = policy.infer(observation)
                observation, reward, terminated, truncated, _ = world.step(action)
                rewards.append(reward)
                done = terminated or truncated
            best.append(max(rewards))
            print(f"seed {seed}: score {best[-1]:.3f} after {world.steps} steps")
    print(f"mean score {np.mean(best):.3f}, at the goal {np.mean(np.array(best) == 1):.0%}")


if __name__ == "__main__":
    main()
