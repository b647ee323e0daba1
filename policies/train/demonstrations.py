"""PushT demonstrations as training windows: 20 keypoint values twice, then a horizon of 16 target positions."""

from __future__ import annotations

import csv
import gzip
import math
from pathlib import Path

import numpy as np

N_OBS_STEPS = 2
HORIZON = 16
SIDE = 512.0

# The nine fixed points of the T that the original keypoint observation uses, in the block frame (pixels).
KEYPOINTS = np.array(
    [
        (9.2698, 90.0410),
        (-60.9835, -1.1867),
        (60.9128, -1.3934),
        (-0.2705, 25.5436),
        (-14.0649, 122.8159),
        (39.0027, 32.8574),
        (-39.9664, 32.7297),
        (-16.8243, 62.8632),
        (23.5415, -1.7003),
    ]
)


def read_episodes(path: Path) -> list[np.ndarray]:
    """Episodes as [steps, 7]: agent x, y, block x, y, block angle, target x, y."""
    with gzip.open(path, "rt") as file:
        rows = list(csv.reader(file))[1:]
    values = np.array(rows, dtype=np.float64)
    return [values[values[:, 0] == episode][:, 2:] for episode in np.unique(values[:, 0])]


def shifted(episode: np.ndarray, offset: float) -> np.ndarray:
    moved = episode.copy()
    moved[:, [0, 1, 2, 3, 5, 6]] += offset
    return moved


def mirrored(episode: np.ndarray) -> np.ndarray:
    """Reflection about the goal's own axis, the line x + y = 512: the T, the goal and the board map to themselves."""
    m = episode.copy()
    for x, y in ((0, 1), (2, 3), (5, 6)):
        m[:, x], m[:, y] = SIDE - episode[:, y], SIDE - episode[:, x]
    m[:, 4] = math.pi / 2 - episode[:, 4]
    return m


def observations(episode: np.ndarray) -> np.ndarray:
    """[steps, 20]: nine keypoints of the block (x, y), then the agent."""
    cos, sin = np.cos(episode[:, 4])[:, None], np.sin(episode[:, 4])[:, None]
    x = episode[:, 2:3] + cos * KEYPOINTS[:, 0] - sin * KEYPOINTS[:, 1]
    y = episode[:, 3:4] + sin * KEYPOINTS[:, 0] + cos * KEYPOINTS[:, 1]
    return np.concatenate([np.stack([x, y], axis=-1).reshape(len(episode), -1), episode[:, :2]], axis=1)


def normalised(pixels: np.ndarray) -> np.ndarray:
    return pixels / (SIDE / 2) - 1.0


def windows(episode: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Every window of an episode: observations [n, To * 20] and action chunks [n, H, 2], both normalised.

    The chunk starts To - 1 steps before the newest observation; ends are padded by repetition, at most To - 1 steps
    before the start and Ta - 1 = 7 after the end, as in Diffusion Policy.
    """
    seen, actions = normalised(observations(episode)), normalised(episode[:, 5:7])
    newest = np.arange(0, len(episode) - HORIZON + N_OBS_STEPS + 7)
    newest = newest[newest < len(episode)]
    back = np.arange(-(N_OBS_STEPS - 1), 1)
    ahead = np.arange(-(N_OBS_STEPS - 1), HORIZON - N_OBS_STEPS + 1)
    last = len(episode) - 1
    observed = seen[np.clip(newest[:, None] + back, 0, last)].reshape(len(newest), -1)
    return observed, actions[np.clip(newest[:, None] + ahead, 0, last)]


def inside_the_board(episode: np.ndarray) -> bool:
    return bool((episode[:, 5:7] >= 0).all() and (episode[:, 5:7] <= SIDE).all())


def training_windows(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """All windows of both demonstration sets and of their mirror images, float32.

    The second set was recorded for the goal (356, 356): shifting it by (-100, -100) brings its goal to (256, 256).
    Its episodes that leave the board after the shift are left out.
    """
    episodes = read_episodes(folder / "demos.csv.gz")
    episodes += [shifted(e, -100.0) for e in read_episodes(folder / "demos_goal356.csv.gz")]
    episodes = [e for e in episodes if inside_the_board(e)]
    pairs = [windows(e) for episode in episodes for e in (episode, mirrored(episode))]
    return (
        np.concatenate([p[0] for p in pairs]).astype(np.float32),
        np.concatenate([p[1] for p in pairs]).astype(np.float32),
    )
