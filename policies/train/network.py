"""The conditional 1-D U-Net of Diffusion Policy (Chi et al. 2023), laid out for batched CPU and GPU inference.

Activations are [batch, time, channels]. A convolution is the concatenation of its shifted slices along the channels
times one weight matrix, so every sample and time step of a sweep shares one matrix product; onnxruntime's own 1-D
convolution runs the samples one after another. The arithmetic is that of the published network: kernel 5, GroupNorm
over 8 groups, Mish, FiLM conditioning, two strided levels.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

GROUPS = 8
GROUP_NORM_EPSILON = 1e-5


def mish(x: Tensor) -> Tensor:
    """x * tanh(softplus(x)) as a rational function of exp(x); one transcendental instead of three when exported."""
    if not torch.compiler.is_exporting():
        return F.mish(x)
    n = torch.exp(torch.clamp(x, max=20.0))
    q = n * (n + 2.0)
    return x * (q / (q + 2.0))


class Slices(nn.Module):
    """A linear map of neighbouring time steps: the common part of all convolutions here."""

    def __init__(self, taps: int, c_in: int, c_out: int, fan_in: int | None = None):
        super().__init__()
        bound = 1.0 / math.sqrt(fan_in or taps * c_in)
        self.width = taps * c_in
        self.weight = nn.Parameter(torch.empty(self.width, c_out).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(c_out).uniform_(-bound, bound))

    def forward(self, padded: Tensor, first: list[int], taps: int) -> Tensor:
        """Maps the `taps` steps from each of the `first` ones on; one gather brings them side by side."""
        steps = torch.tensor([start + tap for start in first for tap in range(taps)])
        gathered = padded.index_select(1, steps).reshape(-1, len(first), self.width)
        return gathered @ self.weight + self.bias


class Convolution(nn.Module):
    def __init__(self, c_in: int, c_out: int, kernel: int, stride: int = 1):
        super().__init__()
        self.kernel, self.stride = kernel, stride
        self.taps = Slices(kernel, c_in, c_out)

    def forward(self, x: Tensor) -> Tensor:
        half = self.kernel // 2
        padded = F.pad(x, (0, 0, half, half))
        return self.taps(padded, list(range(0, x.shape[1], self.stride)), self.kernel)


class Doubling(nn.Module):
    """Transposed convolution, kernel 4, stride 2, padding 1: one product for even outputs, one for odd."""

    def __init__(self, channels: int):
        super().__init__()
        self.even = Slices(2, channels, channels, fan_in=4 * channels)
        self.odd = Slices(2, channels, channels, fan_in=4 * channels)

    def forward(self, x: Tensor) -> Tensor:
        steps, channels = x.shape[1], x.shape[2]
        padded = F.pad(x, (0, 0, 1, 1))
        even = self.even(padded, list(range(steps)), 2)
        odd = self.odd(padded, list(range(1, steps + 1)), 2)
        return torch.cat([even, odd], dim=-1).reshape(-1, 2 * steps, channels)


class GroupNorm(nn.Module):
    def __init__(self, channels: int):
        super().__init__()
        self.channels = channels
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        steps = x.shape[1]
        grouped = x.float().reshape(-1, steps, GROUPS, self.channels // GROUPS)
        mean = grouped.mean(dim=(1, 3), keepdim=True)
        variance = (grouped * grouped).mean(dim=(1, 3), keepdim=True) - mean * mean
        # One multiplication and one addition per activation: everything else happens on small tensors.
        scale = torch.rsqrt(variance + GROUP_NORM_EPSILON) * self.weight.reshape(GROUPS, -1)
        shift = self.bias.reshape(GROUPS, -1) - mean * scale
        return (grouped * scale + shift).reshape(-1, steps, self.channels)


class ConvolutionBlock(nn.Module):
    def __init__(self, c_in: int, c_out: int, kernel: int):
        super().__init__()
        self.convolution = Convolution(c_in, c_out, kernel)
        self.norm = GroupNorm(c_out)

    def forward(self, x: Tensor) -> Tensor:
        return mish(self.norm(self.convolution(x)))


class ResidualBlock(nn.Module):
    def __init__(self, c_in: int, c_out: int, kernel: int):
        super().__init__()
        self.c_out = c_out
        self.first = ConvolutionBlock(c_in, c_out, kernel)
        self.second = ConvolutionBlock(c_out, c_out, kernel)
        self.skip = nn.Linear(c_in, c_out) if c_in != c_out else nn.Identity()

    def forward(self, x: Tensor, film: Tensor) -> Tensor:
        scale, shift = film[:, None, : self.c_out], film[:, None, self.c_out :]
        return self.second(scale * self.first(x) + shift) + self.skip(x)


class LevelEmbedding(nn.Module):
    def __init__(self, width: int, levels: int):
        super().__init__()
        half = width // 2
        frequency = torch.exp(torch.arange(half) * (-math.log(10000.0) / (half - 1)))
        angle = torch.arange(levels)[:, None] * frequency[None]
        self.register_buffer("sinusoid", torch.cat([angle.sin(), angle.cos()], dim=-1), persistent=False)
        self.up = nn.Linear(width, 4 * width)
        self.down = nn.Linear(4 * width, width)

    def table(self) -> Tensor:
        """[levels, width]: the embedding of every noise level."""
        return self.down(mish(self.up(self.sinusoid)))


class DenoisingUnet(nn.Module):
    """Predicts the noise of a chunk: (sample [B, H, D], level [B] int, observation [B or 1, O]) -> [B, H, D]."""

    def __init__(
        self,
        action_dim: int,
        observation_dim: int,
        channels: tuple[int, ...] = (64, 128, 256),
        embedding: int = 64,
        kernel: int = 5,
        levels: int = 100,
    ):
        super().__init__()
        self.level_embedding = LevelEmbedding(embedding, levels)
        widths = [action_dim, *channels]
        pairs = list(zip(widths[:-1], widths[1:]))
        self.down = nn.ModuleList(
            nn.ModuleList([ResidualBlock(a, b, kernel), ResidualBlock(b, b, kernel)]) for a, b in pairs
        )
        self.halvings = nn.ModuleList(Convolution(b, b, 3, stride=2) for _, b in pairs[:-1])
        top = channels[-1]
        self.middle = nn.ModuleList([ResidualBlock(top, top, kernel), ResidualBlock(top, top, kernel)])
        self.up = nn.ModuleList(
            nn.ModuleList([ResidualBlock(2 * b, a, kernel), ResidualBlock(a, a, kernel)])
            for a, b in reversed(pairs[1:])
        )
        self.doublings = nn.ModuleList(Doubling(a) for a, _ in reversed(pairs[1:]))
        self.last = ConvolutionBlock(channels[0], channels[0], kernel)
        self.out = nn.Linear(channels[0], action_dim)
        # One FiLM map for all residual blocks, split into the level's and the observation's columns, because
        # Linear(Mish([level, observation])) is a sum of the two: the first becomes a table, the second one row per solve.
        self.film_widths = [2 * block.c_out for block in self.blocks()]
        self.film_level = nn.Linear(embedding, sum(self.film_widths))
        self.film_observation = nn.Linear(observation_dim, sum(self.film_widths), bias=False)
        bound = 1.0 / math.sqrt(embedding + observation_dim)
        for parameter in (self.film_level.weight, self.film_level.bias, self.film_observation.weight):
            nn.init.uniform_(parameter, -bound, bound)

    def blocks(self) -> list[ResidualBlock]:
        """The residual blocks in the order in which forward visits them."""
        return [block for pair in [*self.down, self.middle, *self.up] for block in pair]

    def film_table(self) -> Tensor:
        """[levels, sum of FiLM widths]: what the noise level alone contributes to every residual block."""
        return self.film_level(mish(self.level_embedding.table()))

    def forward(self, sample: Tensor, level: Tensor, observation: Tensor) -> Tensor:
        return self.denoise(sample, self.film_table()[level], observation)

    def denoise(self, sample: Tensor, film_of_level: Tensor, observation: Tensor) -> Tensor:
        film = iter((film_of_level + self.film_observation(mish(observation))).split(self.film_widths, dim=-1))
        x, skips = sample, []
        for index, (first, second) in enumerate(self.down):
            x = second(first(x, next(film)), next(film))
            skips.append(x)
            if index < len(self.halvings):
                x = self.halvings[index](x)
        for block in self.middle:
            x = block(x, next(film))
        for (first, second), double in zip(self.up, self.doublings):
            x = torch.cat([x, skips.pop()], dim=-1)
            x = double(second(first(x, next(film)), next(film)))
        return self.out(self.last(x))
