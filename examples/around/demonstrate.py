"""Has a scripted expert play, and writes what it saw and did as policies/train reads it.

  $ python demonstrate.py --out data --episodes 400
"""

from __future__ import annotations

import argparse
import csv
import gzip
from pathlib import Path

import numpy as np
from world import Around, Observation

SPEED = 0.4
CLEARANCE = 0.22
STEPS_AT_GOAL = 10
"""A chunk that is planned shortly before the goal reaches beyond it: demonstrations show how it goes on."""


def expert(observation: Observation, side: int) -> np.ndarray:
    """The velocity that leads past the disc on one side (1 or -1), and then slows down at the goal."""
    position, goal = observation["position"], observation["goal"]
    is_past = position[0] > 0
    target = goal if is_past else np.array([0.02, side * CLEARANCE])
    way = target - position
    distance = np.linalg.norm(way)
    speed = min(SPEED, 3 * distance) if is_past else SPEED
    return way / max(distance, 1e-9) * speed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder for demonstrations.csv.gz")
    parser.add_argument("--episodes", type=int, default=400)
    flags = parser.parse_args()
    world = Around()
    names = ["position[0]", "position[1]", "goal[0]", "goal[1]", "action[0]", "action[1]"]
    flags.out.mkdir(parents=True, exist_ok=True)
    reached = 0
    with gzip.open(flags.out / "demonstrations.csv.gz", "wt", newline="") as file:
        table = csv.writer(file)
        table.writerow(["episode", "step", *names])
        for episode in range(flags.episodes):
            observation, _ = world.reset(seed=episode)
            side = 1 if np.random.default_rng([episode, 1]).random() < 0.5 else -1
            left = STEPS_AT_GOAL
            while left > 0:
                action = expert(observation, side)
                seen = [*observation["position"], *observation["goal"]]
                table.writerow([episode, world.steps, *(f"{value:.9g}" for value in [*seen, *action])])
                observation, reward, terminated, truncated, _ = world.step(action)
                left -= terminated or truncated
            reached += reward == 1
    print(f"{flags.episodes} episodes, {reached} of them at the goal")


if __name__ == "__main__":
    main()
