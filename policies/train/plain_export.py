"""Exports Diffusion Policy's own network modules as PyTorch does by itself, for timing.

    python plain_export.py --policy ../pusht --out ../../out/pusht-plain
    parapilot bench network ../../out/pusht-plain

The same sizes as network.py, in the layout of ConditionalUnet1D: channels before time, convolutions as convolutions. The
weights are random: only the time of its calls means something.
"""

from __future__ import annotations

import argparse
import hashlib
import re
from pathlib import Path

import onnx
import torch

from demonstrations import HORIZON
from export import ACTION_DIM, LEVELS, OBSERVATION_DIM, without_metadata
from peer import ConvUnet

CHANNELS = [64, 128, 256]
KERNEL = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--policy", type=Path, required=True, help="whose policy.yaml describes the network")
    parser.add_argument("--out", type=Path, required=True, help="folder of the policy to write")
    arguments = parser.parse_args()

    torch.manual_seed(0)
    network = ConvUnet(ACTION_DIM, OBSERVATION_DIM, CHANNELS, KERNEL, LEVELS).eval()
    sample = torch.randn(4, HORIZON, ACTION_DIM)
    level = torch.tensor([0, 10, 50, LEVELS - 1])
    batch = torch.export.Dim("batch", min=1, max=4096)
    program = torch.onnx.export(
        network,
        (sample, level, torch.randn(1, OBSERVATION_DIM)),
        dynamo=True,
        opset_version=18,
        input_names=["sample", "level", "observation"],
        output_names=["noise"],
        dynamic_shapes={"sample": {0: batch}, "level": {0: batch}, "observation": None},
        verbose=False,
    )
    model = without_metadata(program.model_proto).SerializeToString()
    onnx.checker.check_model(model)
    manifest = (arguments.policy / "policy.yaml").read_text()
    checksum = hashlib.sha256(model).hexdigest()
    # Optimised graphs that are named after it are of the other network.
    entry = r"(denoiser:\n  file: denoiser\.onnx\n  sha256: )\w+\n(?:  .*\n)*"
    manifest, found = re.subn(entry, rf"\g<1>{checksum}\n", manifest)
    if found != 1:
        raise SystemExit(f"{arguments.policy}/policy.yaml names no denoiser.onnx with its checksum")
    # Figures of the trained policy are none of this one's.
    of_random = {"training": "weights: random", "score": 'none: "the weights are random"'}
    for key, value in of_random.items():
        manifest = re.sub(rf"^{key}:\n(?:  .*\n)*", f"{key}:\n  {value}\n", manifest, flags=re.MULTILINE)
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / "denoiser.onnx").write_bytes(model)
    (arguments.out / "policy.yaml").write_text(manifest)
    print(f"{arguments.out}: {len(model) / 1e6:.1f} MB, random weights")


if __name__ == "__main__":
    main()
