"""Checks the finite differences of `parapilot calibrate` against automatic differentiation.

    python check_response.py --policy ../pusht --weights weights.pt --onnx ../pusht/denoiser.onnx --data DIR

At states on the way from noise to demonstrations, the Jacobian of the clean prediction is computed twice: by automatic
differentiation of the PyTorch network in float64, and by central differences through the ONNX network in float32, with
the step that the calibration uses. Prints the relative difference per level.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnxruntime
import torch

import checkpoint
from demonstrations import training_windows
from policy import read_policy
from schedule import cumulative_signal

STEP = 0.02


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--policy", type=Path, default=Path("../pusht"), help="folder with policy.yaml")
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--onnx", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True, help="folder with the demonstrations")
    parser.add_argument("--states", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()

    torch.manual_seed(arguments.seed)
    policy = read_policy(arguments.policy)
    seen, chunks = (torch.from_numpy(a) for a in training_windows(policy, arguments.data))
    network = checkpoint.load(arguments.weights, policy).double()
    session = onnxruntime.InferenceSession(str(arguments.onnx), providers=["CPUExecutionProvider"])
    signal = cumulative_signal(policy.levels)
    picked = torch.randint(len(seen), (arguments.states,))
    shape, size = chunks.shape[1:], chunks[0].numel()

    def clean(noise: torch.Tensor, x: torch.Tensor, level: int) -> torch.Tensor:
        return ((x - (1 - signal[level]).sqrt() * noise) / signal[level].sqrt()).clamp(-policy.clip, policy.clip)

    worst = 0.0
    for level in [0, 1, 5, 10, 20, 40, 60, 80]:
        exact, measured = [], []
        for index in picked.tolist():
            observation = seen[index : index + 1].double()
            mixed = signal[level].sqrt() * chunks[index].double()
            x = (mixed + (1 - signal[level]).sqrt() * torch.randn(shape, dtype=torch.float64)).reshape(-1)

            def predict(flat: torch.Tensor) -> torch.Tensor:
                noise = network(flat.reshape(1, *shape), torch.tensor([level]), observation)
                return clean(noise.reshape(-1), flat, level)

            exact.append(torch.autograd.functional.jacobian(predict, x).numpy())
            ends = torch.cat([x + STEP * torch.eye(size), x - STEP * torch.eye(size)])
            feeds = {
                "sample": ends.reshape(-1, *shape).float().numpy(),
                "level": np.full(len(ends), level),
                "observation": observation.float().numpy(),
            }
            noise = torch.from_numpy(session.run(None, feeds)[0]).double().reshape(len(ends), -1)
            forward, backward = clean(noise, ends, level).chunk(2)
            measured.append(((forward - backward) / (2 * STEP)).T.numpy())
        mean, mean_measured = np.mean(exact, axis=0), np.mean(measured, axis=0)
        difference = np.linalg.norm(mean - mean_measured) / np.linalg.norm(mean)
        worst = max(worst, difference)
        print(f"level {level:3d}: mean Jacobian of norm {np.linalg.norm(mean):.3f}, relative difference {difference:.4f}")
    if not worst < 0.1:
        raise SystemExit("finite differences do not reproduce the Jacobian")


if __name__ == "__main__":
    main()
