"""What `policy.yaml` says about a policy that training needs to know: sizes, names and ranges."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml


@dataclass(frozen=True)
class Policy:
    task: str
    horizon: int
    n_obs_steps: int
    n_action_steps: int
    levels: int
    clip: float
    names: list[str]
    """Of the observations, in the order in which the network sees them."""
    widths: list[int]
    observation_range: tuple[np.ndarray, np.ndarray]
    action_range: tuple[np.ndarray, np.ndarray]

    @property
    def observation_dim(self) -> int:
        """Of all the observations that the network sees at once."""
        return self.n_obs_steps * sum(self.widths)

    @property
    def action_dim(self) -> int:
        return len(self.action_range[0])


def read_policy(folder: Path) -> Policy:
    manifest = yaml.safe_load((folder / "policy.yaml").read_text())
    names = [key["name"] for key in manifest["observation"]]
    ranges = [manifest["normalizer"]["observation"][name] for name in names]
    action = manifest["normalizer"]["action"]
    return Policy(
        task=manifest["task"],
        horizon=manifest["horizon"],
        n_obs_steps=manifest["n_obs_steps"],
        n_action_steps=manifest["n_action_steps"],
        levels=manifest["diffusion"]["levels"],
        clip=manifest["diffusion"]["clip"],
        names=names,
        widths=[math.prod(key["shape"]) for key in manifest["observation"]],
        observation_range=(
            np.concatenate([np.array(r["min"], dtype=np.float64) for r in ranges]),
            np.concatenate([np.array(r["max"], dtype=np.float64) for r in ranges]),
        ),
        action_range=(np.array(action["min"], dtype=np.float64), np.array(action["max"], dtype=np.float64)),
    )
