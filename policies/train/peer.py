"""The PyTorch side of `parapilot bench gpu --peer`: the same network, sampled step by step, timed when told to.

    python peer.py --weights weights.safetensors --levels 100 [--compile]

Speaks JSON, one object a line: a greeting first, then one answer to each line of standard input.

    {"predict": LAYOUT, "sample": [...], "level": [...], "observation": [...]}  ->  {"noise": [...]}
    {"time": VARIANT, "rule": "ddpm" | "ddim", "steps": 100}                    ->  {"ms": one sampled chunk}
    {"call": VARIANT, "rows": 100}                                              ->  {"ms": one network call}
    {"rates": true}                                                             ->  {"copy_gb_per_s": ..., ...}

Whatever fails is answered with {"error": reason} and the next line is read. PyTorch is all it needs.

Two layouts compute the same: `slices` is network.py, `conv` the modules of Diffusion Policy's ConditionalUnet1D. Both
take what a noise level contributes from a table, as the exported network does, which saves `conv` the step encoder it
has in training: the peer is not slower for it.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import struct
import sys
import time
from pathlib import Path
from typing import Callable

import torch
from torch import Tensor, nn

import network as slices
from schedule import cumulative_signal

WARMUPS = 3


def read_safetensors(path: Path) -> dict[str, Tensor]:
    data = bytearray(path.read_bytes())
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        flat = torch.frombuffer(data, dtype=torch.float32, count=(end - begin) // 4, offset=8 + length + begin)
        tensors[name] = flat.reshape(entry["shape"])
    return tensors


class ConvBlock(nn.Sequential):
    def __init__(self, c_in: int, c_out: int, kernel: int):
        super().__init__(nn.Conv1d(c_in, c_out, kernel, padding=kernel // 2), nn.GroupNorm(slices.GROUPS, c_out), nn.Mish())


class ConvResidual(nn.Module):
    def __init__(self, c_in: int, c_out: int, observation: int, kernel: int):
        super().__init__()
        self.first = ConvBlock(c_in, c_out, kernel)
        self.second = ConvBlock(c_out, c_out, kernel)
        self.film = nn.Sequential(nn.Mish(), nn.Linear(observation, 2 * c_out, bias=False))
        self.skip = nn.Conv1d(c_in, c_out, 1) if c_in != c_out else nn.Identity()

    def forward(self, x: Tensor, of_level: Tensor, observation: Tensor) -> Tensor:
        scale, shift = (of_level + self.film(observation))[:, :, None].chunk(2, dim=1)
        return self.second(scale * self.first(x) + shift) + self.skip(x)


class ConvUnet(nn.Module):
    """ConditionalUnet1D (Chi et al. 2023) in its own modules: channels before time, convolutions as convolutions."""

    def __init__(self, action: int, observation: int, channels: list[int], kernel: int, levels: int):
        super().__init__()
        pairs = list(zip([action, *channels[:-1]], channels))
        block = lambda a, b: ConvResidual(a, b, observation, kernel)  # noqa: E731
        self.down = nn.ModuleList(nn.ModuleList([block(a, b), block(b, b)]) for a, b in pairs)
        self.halvings = nn.ModuleList(nn.Conv1d(b, b, 3, stride=2, padding=1) for _, b in pairs[:-1])
        top = channels[-1]
        self.middle = nn.ModuleList([block(top, top), block(top, top)])
        self.up = nn.ModuleList(nn.ModuleList([block(2 * b, a), block(a, a)]) for a, b in reversed(pairs[1:]))
        self.doublings = nn.ModuleList(nn.ConvTranspose1d(a, a, 4, stride=2, padding=1) for a, _ in reversed(pairs[1:]))
        self.last = ConvBlock(channels[0], channels[0], kernel)
        self.out = nn.Conv1d(channels[0], action, 1)
        self.widths = [2 * block.second[0].out_channels for block in self.blocks()]
        self.register_buffer("film_table", torch.zeros(levels, sum(self.widths)))

    def blocks(self) -> list[ConvResidual]:
        return [block for pair in [*self.down, self.middle, *self.up] for block in pair]

    def forward(self, sample: Tensor, level: Tensor, observation: Tensor) -> Tensor:
        film = iter(self.film_table[level].split(self.widths, dim=-1))
        x, skips = sample.transpose(1, 2), []
        for index, (first, second) in enumerate(self.down):
            x = second(first(x, next(film), observation), next(film), observation)
            skips.append(x)
            if index < len(self.halvings):
                x = self.halvings[index](x)
        for block in self.middle:
            x = block(x, next(film), observation)
        for (first, second), double in zip(self.up, self.doublings):
            x = torch.cat([x, skips.pop()], dim=1)
            x = double(second(first(x, next(film), observation), next(film), observation))
        return self.out(self.last(x)).transpose(1, 2)

    @torch.no_grad()
    def take(self, w: dict[str, Tensor], kernel: int) -> None:
        """Weights by the names of network.py; a matrix of slices [taps * in, out] is a convolution's [out, in, taps]."""

        def convolution(module: nn.Conv1d, name: str) -> None:
            taps = module.kernel_size[0]
            matrix = w[f"{name}.weight"]
            module.weight.copy_(matrix.reshape(taps, -1, matrix.shape[-1]).permute(2, 1, 0))
            module.bias.copy_(w[f"{name}.bias"])

        def block(module: ConvBlock, name: str) -> None:
            convolution(module[0], f"{name}.convolution.taps")
            module[1].weight.copy_(w[f"{name}.norm.weight"].flatten())
            module[1].bias.copy_(w[f"{name}.norm.bias"].flatten())

        def residual(module: ConvResidual, name: str, film: Tensor) -> None:
            block(module.first, f"{name}.first")
            block(module.second, f"{name}.second")
            module.film[1].weight.copy_(film)
            if not isinstance(module.skip, nn.Identity):
                module.skip.weight.copy_(w[f"{name}.skip.weight"][:, :, None])
                module.skip.bias.copy_(w[f"{name}.skip.bias"])

        names = [f"{part}.{i}.{k}" for part, list_ in (("down", self.down),) for i in range(len(list_)) for k in (0, 1)]
        names += [f"middle.{k}" for k in (0, 1)]
        names += [f"up.{i}.{k}" for i in range(len(self.up)) for k in (0, 1)]
        films = w["film_observation.weight"].split(self.widths)
        for module, name, film in zip(self.blocks(), names, films):
            residual(module, name, film)
        for i, module in enumerate(self.halvings):
            convolution(module, f"halvings.{i}.taps")
        for i, module in enumerate(self.doublings):
            # Even outputs see taps 3 and 1 of the kernel, odd ones 2 and 0.
            for half, taps in (("even", (3, 1)), ("odd", (2, 0))):
                matrix = w[f"doublings.{i}.{half}.weight"]
                for tap, part in zip(taps, matrix.reshape(2, -1, matrix.shape[-1])):
                    module.weight[:, :, tap] = part
            module.bias.copy_(w[f"doublings.{i}.even.bias"])
            odd = w[f"doublings.{i}.odd.bias"]
            if not torch.equal(w[f"doublings.{i}.even.bias"], odd):
                self.split_bias(i, odd)
        block(self.last, "last")
        self.out.weight.copy_(w["out.weight"][:, :, None])
        self.out.bias.copy_(w["out.bias"])
        self.film_table.copy_(w["film_table"])

    def split_bias(self, index: int, odd: Tensor) -> None:
        """network.py trains one bias for even and one for odd outputs; the published layer has one for both."""
        self.doublings[index] = DoublingWithTwoBiases(self.doublings[index], odd)


class DoublingWithTwoBiases(nn.Module):
    def __init__(self, plain: nn.ConvTranspose1d, odd: Tensor):
        super().__init__()
        self.plain = plain
        self.register_buffer("more", torch.stack([torch.zeros_like(odd), odd - plain.bias.detach()], dim=-1))

    def forward(self, x: Tensor) -> Tensor:
        return self.plain(x) + self.more.repeat(1, x.shape[-1])


class SlicesUnet(slices.DenoisingUnet):
    """network.py with what its exported form has: the levels' terms in a table, and index lists made once."""

    def __init__(self, action: int, observation: int, channels: list[int], kernel: int, levels: int):
        super().__init__(action, observation, tuple(channels), kernel=kernel, levels=levels)
        self.register_buffer("film_of_levels", torch.zeros(levels, sum(self.film_widths)))
        for module in self.modules():
            if isinstance(module, slices.Slices):
                module.__class__ = IndexedSlices

    def forward(self, sample: Tensor, level: Tensor, observation: Tensor) -> Tensor:
        return self.denoise(sample, self.film_of_levels[level], observation)

    @torch.no_grad()
    def take(self, w: dict[str, Tensor], kernel: int) -> None:
        for name, parameter in self.named_parameters():
            if name.startswith(("level_embedding.", "film_level.")):
                continue
            parameter.copy_(w[name].reshape(parameter.shape))
        self.film_of_levels.copy_(w["film_table"])


class IndexedSlices(slices.Slices):
    def forward(self, padded: Tensor, first: list[int], taps: int) -> Tensor:
        known = self.__dict__.setdefault("indices", {})
        key = (tuple(first), taps, padded.device)
        if key not in known:
            steps = [start + tap for start in first for tap in range(taps)]
            known[key] = torch.tensor(steps, device=padded.device)
        gathered = padded.index_select(1, known[key]).reshape(-1, len(first), self.width)
        return gathered @ self.weight + self.bias


def architecture(w: dict[str, Tensor]) -> dict:
    channels = []
    while f"down.{len(channels)}.0.first.convolution.taps.bias" in w:
        channels.append(w[f"down.{len(channels)}.0.first.convolution.taps.bias"].numel())
    kernel = w["last.convolution.taps.weight"].shape[0] // channels[0]
    action = w["out.bias"].numel()
    observation = w["film_observation.weight"].shape[1]
    return {"action": action, "observation": observation, "channels": channels, "kernel": kernel}


def coefficients(rule: str, levels: int, steps: int) -> list[tuple[int, float, float, float, float, float]]:
    """Of each step: level, 1/sqrt(abar), sqrt(1-abar)/sqrt(abar), and x' = a x + b x0 + c eps or + c z."""
    signal = cumulative_signal(levels).tolist()
    stride = levels // steps
    grid = [i * stride for i in range(steps)][::-1]
    out = []
    for level in grid:
        here, before = signal[level], signal[level - stride] if level >= stride else 1.0
        if rule == "ddim":
            a, b, c = 0.0, math.sqrt(before), math.sqrt(1 - before)
        else:
            alpha = here / before
            a = math.sqrt(alpha) * (1 - before) / (1 - here)
            b = math.sqrt(before) * (1 - alpha) / (1 - here)
            c = math.sqrt((1 - alpha) * (1 - before) / (1 - here))
        out.append((level, 1 / math.sqrt(here), math.sqrt(1 - here) / math.sqrt(here), a, b, c))
    return out


class Sampler:
    """A network in one layout and precision, with all that a variant needs, made when it is first asked for."""

    def __init__(self, peer: "Peer", variant: str):
        layout, *how = variant.split(" ")
        self.peer, self.layout = peer, layout
        self.mode = "graph-loop" if "graph-loop" in how else "graph-step" if "graph-step" in how else "eager"
        self.precision = how[-1]
        self.model = peer.model(layout, half=self.precision == "fp16")
        self.network: Callable[..., Tensor] = self.model
        if "compiled" in how:
            self.network = torch.compile(self.model, mode="max-autotune-no-cudagraphs", dynamic=False)
        self.loops: dict[tuple[str, int], Callable[[], Tensor]] = {}
        self.calls: dict[int, Callable[[], object]] = {}

    def tf32(self) -> None:
        on = self.precision in ("tf32", "fp16", "autocast-fp16")
        torch.backends.cuda.matmul.allow_tf32 = on
        torch.backends.cudnn.allow_tf32 = on

    def noise(self, x: Tensor, level: Tensor) -> Tensor:
        observation = self.peer.observation
        if self.precision == "fp16":
            return self.network(x.half(), level, observation.half()).float()
        if self.precision == "autocast-fp16":
            with torch.autocast(self.peer.device.type, torch.float16):
                return self.network(x, level, observation).float()
        return self.network(x, level, observation)

    def step(self, x: Tensor, z: Tensor, level: Tensor, rule: str, k: tuple) -> Tensor:
        _, inverse, ratio, a, b, c = k
        noise = self.noise(x, level)
        clean = (x * inverse - noise * ratio).clamp(-1, 1)
        return b * clean + c * noise if rule == "ddim" else a * x + b * clean + c * z

    def loop(self, rule: str, steps: int) -> Callable[[], Tensor]:
        if (rule, steps) not in self.loops:
            self.tf32()
            self.loops[rule, steps] = self.prepare(rule, steps)
        return self.loops[rule, steps]

    def prepare(self, rule: str, steps: int) -> Callable[[], Tensor]:
        peer, device = self.peer, self.peer.device
        k = coefficients(rule, peer.levels, steps)
        levels = torch.tensor([entry[0] for entry in k], device=device)[:, None]
        z = torch.zeros(steps, 1, peer.horizon, peer.action, device=device)
        x0 = torch.zeros(1, peer.horizon, peer.action, device=device)

        def draw() -> None:
            x0.normal_()
            z.normal_()

        def whole(x: Tensor) -> Tensor:
            for i, entry in enumerate(k):
                x = self.step(x, z[i], levels[i], rule, entry)
            return x

        if self.mode == "eager":

            def eager() -> Tensor:
                draw()
                return whole(x0).cpu()

            return eager
        if self.mode == "graph-loop":
            replay, out = peer.captured(lambda: whole(x0), lambda: self.step(x0, z[0], levels[0], rule, k[0]))

            def replayed() -> Tensor:
                draw()
                replay()
                return out.cpu()

            return replayed
        table = torch.tensor([entry[1:] for entry in k], dtype=torch.float32, device=device)
        x, now, z_now, c_now = x0.clone(), levels[0].clone(), z[0].clone(), table[0].clone()
        entry = (0, c_now[0], c_now[1], c_now[2], c_now[3], c_now[4])
        one = lambda: x.copy_(self.step(x, z_now, now, rule, entry))  # noqa: E731
        replay, _ = peer.captured(one, one)

        def stepwise() -> Tensor:
            draw()
            x.copy_(x0)
            for i in range(steps):
                now.copy_(levels[i])
                z_now.copy_(z[i])
                c_now.copy_(table[i])
                replay()
            return x.cpu()

        return stepwise

    def call(self, rows: int) -> Callable[[], object]:
        if rows not in self.calls:
            self.tf32()
            peer = self.peer
            x = torch.randn(rows, peer.horizon, peer.action, device=peer.device)
            level = torch.arange(rows, device=peer.device) % peer.levels
            one = lambda: self.noise(x, level)  # noqa: E731
            self.calls[rows] = peer.captured(one, one)[0] if self.mode != "eager" else one
        self.tf32()
        return self.calls[rows]


class Peer:
    def __init__(self, weights: dict[str, Tensor], levels: int, horizon: int, may_compile: bool):
        self.weights, self.levels, self.horizon = weights, levels, horizon
        self.shape = architecture(weights)
        self.action = self.shape["action"]
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.observation = torch.zeros(1, self.shape["observation"], device=self.device)
        self.models: dict[tuple[str, bool], nn.Module] = {}
        self.samplers: dict[str, Sampler] = {}
        self.variants = ["conv eager fp32", "slices eager fp32"]
        if self.device.type == "cuda":
            torch.backends.cudnn.benchmark = True
            self.variants = [
                "conv eager fp32",
                "conv eager tf32",
                "conv eager autocast-fp16",
                "conv graph-step tf32",
                "conv graph-loop fp32",
                "conv graph-loop tf32",
                "conv graph-loop fp16",
                "slices eager tf32",
                "slices graph-loop tf32",
            ]
            if may_compile:
                self.variants += ["conv compiled graph-loop tf32", "conv compiled graph-loop fp16"]

    def model(self, layout: str, half: bool) -> nn.Module:
        if (layout, half) not in self.models:
            kind = {"conv": ConvUnet, "slices": SlicesUnet}[layout]
            model = kind(levels=self.levels, **self.shape)
            model.take(self.weights, self.shape["kernel"])
            model = model.eval().to(self.device)
            self.models[layout, half] = model.half() if half else model
        return self.models[layout, half]

    def sampler(self, variant: str) -> Sampler:
        if variant not in self.variants:
            raise ValueError(f"there is no variant {variant}; there is {', '.join(self.variants)}")
        if variant not in self.samplers:
            self.samplers[variant] = Sampler(self, variant)
        return self.samplers[variant]

    def captured(self, work: Callable[[], Tensor], warm: Callable[[], object]) -> tuple[Callable[[], None], Tensor]:
        """A CUDA graph of some work, after cheaper work has chosen the kernels, and its output."""
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(WARMUPS):
                warm()
        torch.cuda.current_stream().wait_stream(side)
        torch.cuda.synchronize()
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            out = work()
        return graph.replay, out

    def wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize()

    def milliseconds(self, work: Callable[[], object]) -> float:
        self.wait()
        began = time.perf_counter()
        work()
        self.wait()
        return 1e3 * (time.perf_counter() - began)

    def greeting(self) -> dict:
        cuda = self.device.type == "cuda"
        return {
            "torch": torch.__version__,
            "device": torch.cuda.get_device_name() if cuda else f"cpu, {torch.get_num_threads()} threads",
            "is_gpu": cuda,
            "variants": self.variants,
            **self.shape,
        }

    def answer(self, ask: dict) -> dict:
        if "predict" in ask:
            model = self.model(ask["predict"], half=False)
            torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
            sample = torch.tensor(ask["sample"], device=self.device).reshape(-1, self.horizon, self.action)
            level = torch.tensor(ask["level"], device=self.device)
            observation = torch.tensor(ask["observation"], device=self.device)[None]
            return {"noise": model(sample, level, observation).flatten().tolist()}
        if "time" in ask:
            sampler = self.sampler(ask["time"])
            key = (ask["rule"], ask["steps"])
            is_new = key not in sampler.loops
            run = sampler.loop(*key)
            sampler.tf32()
            if is_new:
                run()
            return {"ms": self.milliseconds(run)}
        if "call" in ask:
            run = self.sampler(ask["call"]).call(ask["rows"])
            for _ in range(WARMUPS):
                run()
            return {"ms": statistics.median(self.milliseconds(run) for _ in range(ask.get("repeat", 11)))}
        if "rates" in ask:
            return self.rates()
        raise ValueError(f"cannot make sense of {json.dumps(ask)[:100]}")

    def rates(self) -> dict:
        cuda = self.device.type == "cuda"
        source = torch.randn((1 << 28) if cuda else (1 << 23), device=self.device)
        target = torch.empty_like(source)

        def median(work: Callable[[], object]) -> float:
            for _ in range(WARMUPS):
                work()
            return statistics.median(self.milliseconds(work) for _ in range(9))

        rates = {"copy_gb_per_s": 2 * 4 * source.numel() / median(lambda: target.copy_(source)) / 1e6}
        del source, target
        side = 8192 if cuda else 1024
        kinds = [("float32", torch.float32, False)]
        if cuda:
            kinds += [("tf32", torch.float32, True), ("float16", torch.float16, True)]
        for name, dtype, tf32 in kinds:
            torch.backends.cuda.matmul.allow_tf32 = tf32
            a = torch.randn(side, side, device=self.device, dtype=dtype)
            b = torch.randn(side, side, device=self.device, dtype=dtype)
            rates[f"{name}_gflop_per_s"] = 2 * side**3 / median(lambda a=a, b=b: a @ b) / 1e6
        return rates


@torch.no_grad()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, required=True, help="safetensors, by the names of network.py")
    parser.add_argument("--levels", type=int, default=100)
    parser.add_argument("--horizon", type=int, default=16)
    parser.add_argument("--compile", action="store_true", help="offer torch.compile variants, which take a minute to make")
    arguments = parser.parse_args()
    # Libraries print what they like; the conversation keeps its own descriptor.
    replies = sys.stdout
    sys.stdout = sys.stderr
    peer = Peer(read_safetensors(arguments.weights), arguments.levels, arguments.horizon, arguments.compile)
    print(json.dumps(peer.greeting()), file=replies, flush=True)
    for line in sys.stdin:
        try:
            reply = peer.answer(json.loads(line))
        except Exception as error:  # noqa: BLE001: one variant that fails must not take the others with it
            reply = {"error": f"{type(error).__name__}: {error}".splitlines()[0][:300]}
        print(json.dumps(reply), file=replies, flush=True)


if __name__ == "__main__":
    main()
