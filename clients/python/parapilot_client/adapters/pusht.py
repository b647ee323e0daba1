"""PushT of gym-pusht for the PushT policy: `pip install "parapilot-client[pusht]"`."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import gym_pusht  # noqa: F401  (registers the world)
import gymnasium
import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

Observation: TypeAlias = dict[str, NDArray[np.float64]]

# Nine points in the block's frame, those of Diffusion Policy's keypoint observation (Chi et al. 2023).
_KEYPOINTS = np.array(
    [
        [9.2698, 90.041],
        [-60.9835, -1.1867],
        [60.9128, -1.3934],
        [-0.2705, 25.5436],
        [-14.0649, 122.8159],
        [39.0027, 32.8574],
        [-39.9664, 32.7297],
        [-16.8243, 62.8632],
        [23.5415, -1.7003],
    ]
)


class PushT(gymnasium.Wrapper[Any, Any, Any, Any]):
    """`gym_pusht/PushT-v0` with the observations of the policy, and the starts of Diffusion Policy's evaluation.

    A seed starts the episode that numpy's legacy generator draws from it, as in Diffusion Policy, Parapilot's simulator
    and gym-pusht 0.1.5; gym-pusht 0.1.8 draws differently. Options go to gym-pusht's own `reset`.

    >>> env = PushT()
    >>> observation, _ = env.reset(seed=100000)
    >>> {name: array.shape for name, array in observation.items()}
    {'keypoints': (9, 2), 'agent_position': (2,)}
    """

    def __init__(self, *, render_mode: str = "rgb_array") -> None:
        super().__init__(gymnasium.make("gym_pusht/PushT-v0", obs_type="state", render_mode=render_mode))
        self.observation_space = spaces.Dict(
            {
                "keypoints": spaces.Box(-np.inf, np.inf, (9, 2), np.float64),
                "agent_position": spaces.Box(-np.inf, np.inf, (2,), np.float64),
            }
        )

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        if seed is not None and options is None:
            options = {"reset_to_state": start(seed)}
        state, info = self.env.reset(seed=seed, options=options)
        return observe(state), info

    def step(self, action: NDArray[Any]) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        state, reward, terminated, truncated, info = self.env.step(action)
        return observe(state), float(reward), bool(terminated), truncated, info


def observe(state: NDArray[Any]) -> Observation:
    """What the policy sees, in pixels, of gym-pusht's state [agent x, agent y, block x, block y, block angle]."""
    agent_x, agent_y, block_x, block_y, angle = (float(value) for value in state)
    cos, sin = math.cos(angle), math.sin(angle)
    x, y = _KEYPOINTS.T
    keypoints = np.stack([block_x + cos * x - sin * y, block_y + sin * x + cos * y], axis=1)
    return {"keypoints": keypoints, "agent_position": np.array([agent_x, agent_y])}


def start(seed: int) -> list[float]:
    """The state that gym-pusht is to be reset to, in its legacy sense, for Diffusion Policy's episode of that seed."""
    random = np.random.RandomState(seed)
    corners = [random.randint(low, high) for low, high in [(50, 450), (50, 450), (100, 400), (100, 400)]]
    return [*map(float, corners), random.randn() * 2 * np.pi - np.pi]
