"""PushT's human demonstrations: recorded states as observations, two sets on one goal, and their mirror images."""

from __future__ import annotations

import csv
import gzip
import math
from pathlib import Path

import numpy as np

from episode import Episode

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


def inside_the_board(episode: np.ndarray) -> bool:
    return bool((episode[:, 5:7] >= 0).all() and (episode[:, 5:7] <= SIDE).all())


def demonstrated_episodes(folder: Path) -> list[Episode]:
    """The episodes of both demonstration sets and their mirror images.

    The second set was recorded for the goal (356, 356): shifting it by (-100, -100) brings its goal to (256, 256).
    Its episodes that leave the board after the shift are left out.
    """
    episodes = read_episodes(folder / "demos.csv.gz")
    episodes += [shifted(e, -100.0) for e in read_episodes(folder / "demos_goal356.csv.gz")]
    episodes = [e for e in episodes if inside_the_board(e)]
    return [Episode(observations(e), e[:, 5:7]) for episode in episodes for e in (episode, mirrored(episode))]
