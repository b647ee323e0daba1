"""The squared-cosine noise schedule of Nichol and Dhariwal (2021), as diffusers' `squaredcos_cap_v2` computes it."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def cumulative_signal(levels: int) -> Tensor:
    """[levels] float64: the product of alpha up to each level."""

    def f(s: float) -> float:
        return math.cos((s + 0.008) / 1.008 * math.pi / 2) ** 2

    beta = [min(1 - f((t + 1) / levels) / f(t / levels), 0.999) for t in range(levels)]
    return torch.cumprod(1 - torch.tensor(beta, dtype=torch.float64), dim=0)
