"""Exports trained weights as denoiser.onnx and checks it against the PyTorch network.

    python export.py --policy ../pusht --weights weights.pt --out ../pusht/denoiser.onnx

Inputs: sample [batch, H, D] float32, level [batch] int64, observation [1, To * O] float32 (one row for the whole
batch). Output: noise [batch, H, D] float32. What the level alone contributes is a table in the file.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn

import checkpoint
from network import DenoisingUnet
from policy import read_policy


class Exported(nn.Module):
    def __init__(self, network: DenoisingUnet):
        super().__init__()
        self.network = network
        self.register_buffer("film_table", network.film_table().detach())

    def forward(self, sample: Tensor, level: Tensor, observation: Tensor) -> Tensor:
        return self.network.denoise(sample, self.film_table[level], observation)


def without_metadata(model: onnx.ModelProto) -> onnx.ModelProto:
    """Drops the exporter's notes (stack traces with this machine's paths among them)."""
    for item in [model, model.graph, *model.graph.node, *model.graph.input, *model.graph.output, *model.graph.value_info]:
        item.ClearField("metadata_props")
        item.ClearField("doc_string")
    return model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--policy", type=Path, default=Path("../pusht"), help="folder with policy.yaml")
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()

    policy = read_policy(arguments.policy)
    network = checkpoint.load(arguments.weights, policy)
    sample = torch.randn(4, policy.horizon, policy.action_dim)
    level = torch.tensor([0, 10, 50, policy.levels - 1])
    observation = torch.randn(1, policy.observation_dim)
    batch = torch.export.Dim("batch", min=1, max=4096)
    program = torch.onnx.export(
        Exported(network).eval(),
        (sample, level, observation),
        dynamo=True,
        opset_version=18,
        input_names=["sample", "level", "observation"],
        output_names=["noise"],
        dynamic_shapes={"sample": {0: batch}, "level": {0: batch}, "observation": None},
        verbose=False,
    )
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(without_metadata(program.model_proto), arguments.out)
    session = onnxruntime.InferenceSession(str(arguments.out), providers=["CPUExecutionProvider"])
    with torch.no_grad():
        expected = network(sample, level, observation).numpy()
    feeds = {"sample": sample.numpy(), "level": level.numpy(), "observation": observation.numpy()}
    error = np.abs(session.run(None, feeds)[0] - expected).max()
    print(f"{arguments.out}: {arguments.out.stat().st_size / 1e6:.1f} MB, largest difference from PyTorch {error:.1e}")
    print(f"sha256: {hashlib.sha256(arguments.out.read_bytes()).hexdigest()}")
    if not error < 1e-4:
        raise SystemExit("the exported graph does not reproduce the network")


if __name__ == "__main__":
    main()
