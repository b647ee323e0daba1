"""Plays episodes by a node's policy and sums them up."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from parapilot_client import DEFAULT_ENDPOINT, ParapilotPolicy


class World(Protocol):
    """What of gymnasium's environments is needed."""

    def reset(self, *, seed: int) -> tuple[Any, Any]: ...

    def step(self, action: Any) -> tuple[Any, float, bool, bool, Any]: ...


def play(policy: ParapilotPolicy, world: World, seed: int) -> tuple[float, int]:
    """One episode: its largest reward, and its steps."""
    observation, _ = world.reset(seed=seed)
    # The node's noise then follows from the seed too.
    policy.reset(episode=seed)
    best, steps, done = 0.0, 0, False
    while not done:
        observation, reward, terminated, truncated, _ = world.step(policy.infer(observation))
        best, steps, done = max(best, reward), steps + 1, terminated or truncated
    return best, steps


def score(task: str, make: Callable[[ParapilotPolicy], World]) -> None:
    """Plays as many episodes as the command line says, and prints one JSON object."""
    parser = argparse.ArgumentParser(description=f"score a node's policy in {task}")
    parser.add_argument("--endpoint", default=DEFAULT_ENDPOINT, help="where the node listens (%(default)s)")
    parser.add_argument("--episodes", type=int, default=50, help="(%(default)s)")
    parser.add_argument("--seed", type=int, default=100_000, help="of the first episode; the next ones count up")
    flags = parser.parse_args()
    if flags.episodes < 1 or flags.seed < 0:
        parser.error("--episodes is 1 at least, and --seed 0")
    played: list[tuple[float, int]] = []
    with ParapilotPolicy(flags.endpoint) as policy:
        world = make(policy)
        for seed in range(flags.seed, flags.seed + flags.episodes):
            played.append(play(policy, world, seed))
            best, steps = played[-1]
            print(f"seed {seed}: score {best:.3f} after {steps} steps", file=sys.stderr)
        scores = [best for best, _ in played]
        result = {
            "task": task,
            "policy": policy.description.name,
            "solver": policy.description.solver,
            "episodes": flags.episodes,
            "seeds": [flags.seed, flags.seed + flags.episodes - 1],
            "score_mean": float(np.mean(scores)),
            "success_rate": float(np.mean([best >= 1 for best in scores])),
            "steps": sum(steps for _, steps in played),
            "scores": scores,
        }
    print(json.dumps(result, indent=2))
