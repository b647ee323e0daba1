"""Around: a point goes to a goal, past a disc in the middle, on either side."""

from __future__ import annotations

import numpy as np

PERIOD = 0.1
"""s per control step."""
FASTEST = 0.5
"""m/s, of each component."""
DISC = 0.12
NEAR = 0.03
MOST_STEPS = 80

Observation = dict[str, np.ndarray]


class Around:
    """`reset` and `step` as in gymnasium. Actions are velocities [x, y] in m/s, which the point takes on with a lag.

    Reward is the share of the way that is behind it, and 1 at the goal. Touching the disc ends the episode.
    """

    def reset(self, *, seed: int) -> tuple[Observation, dict]:
        random = np.random.RandomState(seed)  # which world.mjs has too
        self.position = np.array([-0.4, random.uniform(-0.2, 0.2)])
        self.goal = np.array([0.4, random.uniform(-0.2, 0.2)])
        self.velocity = np.zeros(2)
        self.steps = 0
        self.way = np.linalg.norm(self.goal - self.position)
        return self.observe(), {}

    def step(self, action: np.ndarray) -> tuple[Observation, float, bool, bool, dict]:
        self.velocity += 0.5 * (np.clip(action, -FASTEST, FASTEST) - self.velocity)
        self.position = self.position + PERIOD * self.velocity
        self.steps += 1
        left = np.linalg.norm(self.goal - self.position)
        is_there = bool(left < NEAR)
        is_lost = bool(np.linalg.norm(self.position) < DISC)
        reward = 1.0 if is_there else float(np.clip(1 - left / self.way, 0, 1))
        return self.observe(), 0.0 if is_lost else reward, is_there or is_lost, self.steps >= MOST_STEPS, {}

    def observe(self) -> Observation:
        return {"position": self.position.copy(), "goal": self.goal.copy()}
