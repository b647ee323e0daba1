"""Trained weights on disk, with what it takes to build their network again."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path

import torch
from torch import Tensor

from network import DenoisingUnet
from policy import Policy


def save(path: Path, weights: dict[str, Tensor], step: int, arguments: Namespace) -> None:
    facts = json.dumps(vars(arguments), default=str)
    torch.save({"weights": weights, "channels": arguments.channels, "step": step, "arguments": facts}, path)


def load(path: Path, policy: Policy) -> DenoisingUnet:
    kept = torch.load(path, weights_only=True)
    network = DenoisingUnet(policy.action_dim, policy.observation_dim, tuple(kept["channels"]), levels=policy.levels)
    network.load_state_dict(kept["weights"])
    return network.eval()
