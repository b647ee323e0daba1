"""Demonstrations as training windows: the observations that a policy sees at once, and the chunk of actions it then gives."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import numpy as np

import pusht
from episode import Episode
from policy import Policy

RECORDING = "demonstrations.csv.gz"


def recorded_episodes(policy: Policy, folder: Path) -> list[Episode]:
    """Reads what `parapilot demonstrate` has written: one row per control step, values by `name[index]`.

    Rows of an episode stand together, in the order of its steps.
    """
    path = folder / RECORDING
    with gzip.open(path, "rt") as file:
        rows = csv.reader(file)
        column = {name: k for k, name in enumerate(next(rows))}
        values = np.array(list(rows), dtype=np.float64)
    seen = [f"{name}[{k}]" for name, width in zip(policy.names, policy.widths) for k in range(width)]
    acted = [f"action[{k}]" for k in range(policy.action_dim)]
    lacking = [name for name in ["episode", "step", *seen, *acted] if name not in column]
    if lacking:
        raise SystemExit(f"{path} has no column {', '.join(lacking)}, which policy.yaml asks for; it has {', '.join(column)}")
    wild = np.argwhere(~np.isfinite(values))
    if len(wild):
        row, at = wild[0]
        raise SystemExit(f"{path}: {list(column)[at]} in line {row + 2} is {values[row, at]}; every value must be finite")
    number, step = values[:, column["episode"]], values[:, column["step"]]
    stray = np.flatnonzero((number[1:] == number[:-1]) & (step[1:] != step[:-1] + 1))
    if len(stray) or 1 + np.count_nonzero(np.diff(number)) != len(np.unique(number)):
        where = f"line {stray[0] + 3}" if len(stray) else "an episode that comes twice"
        raise SystemExit(f"{path}: steps of an episode must follow one another; see {where}")
    columns = [[column[name] for name in names] for names in (seen, acted)]
    return [Episode(*(values[number == n][:, picked] for picked in columns)) for n in np.unique(number)]


def demonstrated_episodes(policy: Policy, folder: Path) -> list[Episode]:
    return pusht.demonstrated_episodes(folder) if policy.task == "pusht" else recorded_episodes(policy, folder)


def normalised(values: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """[low, high] to [-1, 1], entry by entry."""
    return (values - (low + high) / 2) / ((high - low) / 2)


def windows(policy: Policy, episode: Episode) -> tuple[np.ndarray, np.ndarray]:
    """Every window of an episode: observations [n, To * O] and action chunks [n, H, D], both normalised.

    The chunk starts To - 1 steps before the newest observation; ends are padded by repetition, at most To - 1 steps
    before the start and Ta - 1 after the end, as in Diffusion Policy.
    """
    seen = normalised(episode.observations, *policy.observation_range)
    actions = normalised(episode.actions, *policy.action_range)
    past, last = policy.n_obs_steps - 1, len(seen) - 1
    newest = np.arange(0, min(len(seen), len(seen) - policy.horizon + past + policy.n_action_steps))
    back = np.arange(-past, 1)
    ahead = np.arange(-past, policy.horizon - past)
    observed = seen[np.clip(newest[:, None] + back, 0, last)].reshape(len(newest), -1)
    return observed, actions[np.clip(newest[:, None] + ahead, 0, last)]


def training_windows(policy: Policy, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """All windows of all demonstrations, float32.

    Chunks beyond the range that clean predictions are clipped to could never be sampled: widen the normaliser then.
    """
    pairs = [windows(policy, episode) for episode in demonstrated_episodes(policy, folder)]
    observed = np.concatenate([p[0] for p in pairs]).astype(np.float32)
    chunks = np.concatenate([p[1] for p in pairs]).astype(np.float32)
    reach = np.abs(chunks).max(axis=(0, 1))
    if not (reach <= policy.clip).all():
        worst = int(reach.argmax())
        raise SystemExit(f"action {worst} reaches {reach[worst]:.3f} of its normaliser's range: widen it in policy.yaml")
    return observed, chunks
