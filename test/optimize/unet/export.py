"""Writes legacy.onnx and dynamo.onnx: a tiny conditional 1-D U-Net in plain PyTorch, by both of its exporters.

    pip install torch onnx onnxscript
    python export.py
"""

import math
from pathlib import Path

import onnx
import torch
from torch import Tensor, nn

HORIZON, ACTION, OBSERVATION, GROUPS = 8, 2, 6, 4
HERE = Path(__file__).resolve().parent


class Block(nn.Module):
    def __init__(self, c_in: int, c_out: int, condition: int):
        super().__init__()
        self.first = nn.Sequential(nn.Conv1d(c_in, c_out, 5, padding=2), nn.GroupNorm(GROUPS, c_out), nn.Mish())
        self.second = nn.Sequential(nn.Conv1d(c_out, c_out, 5, padding=2), nn.GroupNorm(GROUPS, c_out), nn.Mish())
        self.film = nn.Sequential(nn.Mish(), nn.Linear(condition, 2 * c_out))
        self.skip = nn.Conv1d(c_in, c_out, 1) if c_in != c_out else nn.Identity()

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        scale, shift = self.film(condition).unsqueeze(-1).chunk(2, dim=1)
        return self.second(scale * self.first(x) + shift) + self.skip(x)


class Unet(nn.Module):
    def __init__(self, low: int = 8, high: int = 12, embedding: int = 8):
        super().__init__()
        condition = embedding + OBSERVATION
        self.embedding = embedding
        self.embed = nn.Sequential(nn.Linear(embedding, 16), nn.Mish(), nn.Linear(16, embedding))
        self.down = Block(ACTION, low, condition)
        self.halving = nn.Conv1d(low, low, 3, 2, 1)
        self.middle = Block(low, high, condition)
        self.up = Block(high, low, condition)
        self.doubling = nn.ConvTranspose1d(low, low, 4, 2, 1)
        self.last = nn.Conv1d(2 * low, ACTION, 1)

    def forward(self, sample: Tensor, level: Tensor, observation: Tensor) -> Tensor:
        half = self.embedding // 2
        frequency = torch.exp(torch.arange(half) * (-math.log(10000.0) / (half - 1)))
        angle = level[:, None] * frequency[None]
        embedded = self.embed(torch.cat([angle.sin(), angle.cos()], dim=-1))
        condition = torch.cat([embedded, observation.expand(sample.shape[0], -1)], dim=-1)
        wide = self.down(sample.permute(0, 2, 1), condition)
        deep = self.up(self.middle(self.halving(wide), condition), condition)
        return self.last(torch.cat([self.doubling(deep), wide], dim=1)).permute(0, 2, 1)


def without_notes(model: onnx.ModelProto) -> onnx.ModelProto:
    for item in [model, model.graph, *model.graph.node, *model.graph.input, *model.graph.output, *model.graph.value_info]:
        item.ClearField("metadata_props")
        item.ClearField("doc_string")
    return model


torch.manual_seed(0)
network = Unet().eval()
inputs = (torch.randn(3, HORIZON, ACTION), torch.tensor([0, 7, 19]), torch.randn(1, OBSERVATION))
names = {"input_names": ["sample", "level", "observation"], "output_names": ["noise"], "opset_version": 18}
# Untrained norms are all alike: the legacy exporter writes one of them, and copies of it.
axes = {"sample": {0: "batch"}, "level": {0: "batch"}, "noise": {0: "batch"}}
torch.onnx.export(network, inputs, str(HERE / "legacy.onnx"), dynamo=False, dynamic_axes=axes, **names)
for name, parameter in network.named_parameters():
    if parameter.dim() == 1:
        nn.init.normal_(parameter, 1.0 if name.endswith("1.weight") else 0.0, 0.3)
batch = torch.export.Dim("batch", min=1, max=4096)
shapes = {"sample": {0: batch}, "level": {0: batch}, "observation": None}
program = torch.onnx.export(network, inputs, dynamo=True, dynamic_shapes=shapes, verbose=False, **names)
onnx.save(without_notes(program.model_proto), HERE / "dynamo.onnx")
legacy = onnx.load(HERE / "legacy.onnx")
onnx.save(without_notes(legacy), HERE / "legacy.onnx")
