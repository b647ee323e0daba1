"""One demonstrated episode, whatever the task."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Episode:
    observations: np.ndarray
    """[steps, O] in the policy's units and order."""
    actions: np.ndarray
    """[steps, D]"""
