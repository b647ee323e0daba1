import { GraphBuilder } from "../../onnx/graph-builder.js";
import { type ModelProto, TensorProto_DataType } from "../../onnx/onnx_pb.js";
import { tensorOf } from "../../onnx/tensor.js";
import { valueInfo } from "../../onnx/value.js";
import { GaussianStream } from "../../sampling/noise.js";

const GROUPS = 8;
const GROUP_NORM_EPSILON = 1e-5;
/** exp(20) squared is still a float32, and Mish is the identity from there on. */
const MISH_CLIP = 20;

/** Sizes of a conditional 1-D U-Net of Diffusion Policy. */
export interface UnetShape {
  readonly horizon: number;
  readonly action: number;
  /** To · O */
  readonly observation: number;
  readonly levels: number;
  /** Of each of its resolutions, finest first. */
  readonly channels: readonly number[];
  readonly kernel: number;
}

/** Chi et al. 2023, low-dimensional PushT: two observations of twenty numbers, sixteen actions of two. */
export const PAPER_SIZE: UnetShape = {
  horizon: 16,
  action: 2,
  observation: 40,
  levels: 100,
  channels: [256, 512, 1024],
  kernel: 5,
};

/**
 * The network of policies/train/network.py as its exporter writes it, operator by operator and under the same names, but
 * of any size and with random weights: it costs what a trained one costs, and its answers mean nothing. Levels are looked
 * up by Gather and FiLM terms cut out by Slice, which every provider has.
 */
export function randomUnet(shape: UnetShape, seed: number): ModelProto {
  const { horizon, action, observation } = shape;
  const unet = new RandomUnet(shape, seed);
  const { FLOAT, INT64 } = TensorProto_DataType;
  unet.rename(unet.answer(), "noise");
  const inputs = [
    valueInfo("sample", FLOAT, ["batch", horizon, action]),
    valueInfo("level", INT64, ["batch"]),
    valueInfo("observation", FLOAT, [1, observation]),
  ];
  return unet.model("random", inputs, [valueInfo("noise", FLOAT, ["batch", horizon, action])]);
}

/** An activation [batch, steps, channels]. */
interface Activation {
  readonly name: string;
  readonly steps: number;
  readonly channels: number;
}

class RandomUnet extends GraphBuilder {
  readonly #shape: UnetShape;
  readonly #stream: GaussianStream;
  /** Per residual block, [batch, 1, 2 · channels], in the order in which they are met. */
  readonly #films: string[];

  constructor(shape: UnetShape, seed: number) {
    super(new Set(["sample", "level", "observation", "noise"]));
    this.#shape = shape;
    this.#stream = new GaussianStream(seed);
    this.#films = this.#conditioning();
  }

  answer(): string {
    const { horizon, action, channels } = this.#shape;
    let x: Activation = { name: "sample", steps: horizon, channels: action };
    const skips: Activation[] = [];
    channels.forEach((width, k) => {
      x = this.#residual(this.#residual(x, width, `down.${k}.0`), width, `down.${k}.1`);
      skips.push(x);
      if (k < channels.length - 1) x = this.#convolution(x, width, 3, 2, `halvings.${k}.taps`);
    });
    for (const k of [0, 1]) x = this.#residual(x, x.channels, `middle.${k}`);
    for (let k = 0; k < channels.length - 1; k++) {
      const width = channels[channels.length - 2 - k];
      const skip = skips[channels.length - 1 - k];
      const both = this.op("Concat", [x.name, skip.name], { axis: -1 });
      x = { ...x, name: both, channels: x.channels + skip.channels };
      x = this.#residual(this.#residual(x, width, `up.${k}.0`), width, `up.${k}.1`);
      x = this.#doubling(x, `doublings.${k}`);
    }
    x = this.#block(x, channels[0], "last");
    return this.#linear(x.name, x.channels, action, "out");
  }

  #conditioning(): string[] {
    const { levels, observation, channels } = this.#shape;
    const [top, ...below] = [...channels].reverse();
    const widths = [...channels, top, ...below].flatMap((width) => [2 * width, 2 * width]);
    const all = widths.reduce((sum, width) => sum + width, 0);
    const table = this.#uniform("film_table", [levels, all], 1);
    const rows = this.op("Gather", [table, "level"], { axis: 0 });
    const map = this.#uniform("film_observation.weight", [all, observation], observation);
    const seen = this.op("Gemm", [this.#mish("observation"), map], { transB: 1 });
    const films = this.op("Unsqueeze", [this.op("Add", [rows, seen]), this.integers([1])]);
    let from = 0;
    return widths.map((width) => {
      from += width;
      return this.#part(films, from - width, from);
    });
  }

  #residual(x: Activation, width: number, name: string): Activation {
    const film = this.#films.shift() ?? "";
    const first = this.#block(x, width, `${name}.first`).name;
    const scaled = this.op("Mul", [this.#part(film, 0, width), first]);
    const shifted = this.op("Add", [scaled, this.#part(film, width, 2 * width)]);
    const second = this.#block({ ...x, name: shifted, channels: width }, width, `${name}.second`);
    const skip = x.channels === width ? x.name : this.#linear(x.name, x.channels, width, `${name}.skip`);
    return { ...second, name: this.op("Add", [second.name, skip]) };
  }

  #block(x: Activation, width: number, name: string): Activation {
    const convolved = this.#convolution(x, width, this.#shape.kernel, 1, `${name}.convolution.taps`);
    return { ...convolved, name: this.#mish(this.#groupNorm(convolved, `${name}.norm`)) };
  }

  #convolution(x: Activation, width: number, kernel: number, stride: number, name: string): Activation {
    const padded = this.#pad(x.name, Math.floor(kernel / 2));
    const first = Array.from({ length: x.steps / stride }, (_, k) => k * stride);
    const out = this.#slices(padded, x.channels, first, kernel, width, kernel * x.channels, name);
    return { name: out, steps: first.length, channels: width };
  }

  #doubling({ name: x, steps, channels }: Activation, name: string): Activation {
    const padded = this.#pad(x, 1);
    // One bias for both halves, as the transposed convolution that they are has.
    const bias = this.#draw(channels, 4 * channels);
    const halves = [0, 1].map((start) => {
      const first = Array.from({ length: steps }, (_, k) => start + k);
      const half = `${name}.${start === 0 ? "even" : "odd"}`;
      const biasOfHalf = this.keep(tensorOf(`${half}.bias`, [channels], bias));
      return this.#slices(padded, channels, first, 2, channels, 4 * channels, half, biasOfHalf);
    });
    const both = this.op("Concat", halves, { axis: -1 });
    return { name: this.reshape(both, -1, 2 * steps, channels), steps: 2 * steps, channels };
  }

  #slices(
    padded: string,
    channels: number,
    first: readonly number[],
    taps: number,
    width: number,
    fanIn: number,
    name: string,
    bias?: string,
  ): string {
    const steps = first.flatMap((start) => Array.from({ length: taps }, (_, tap) => start + tap));
    const gathered = this.op("Gather", [padded, this.integers(steps)], { axis: 1 });
    const rows = this.reshape(gathered, -1, first.length, taps * channels);
    const weight = this.#uniform(`${name}.weight`, [taps * channels, width], fanIn);
    return this.op("Add", [
      this.op("MatMul", [rows, weight]),
      bias ?? this.#uniform(`${name}.bias`, [width], fanIn),
    ]);
  }

  #linear(x: string, channels: number, width: number, name: string): string {
    const weight = this.#uniform(`${name}.weight`, [channels, width], channels);
    return this.op("Add", [this.op("MatMul", [x, weight]), this.#uniform(`${name}.bias`, [width], channels)]);
  }

  #groupNorm({ name: x, steps, channels }: Activation, name: string): string {
    const width = channels / GROUPS;
    const grouped = this.reshape(x, -1, steps, GROUPS, width);
    const axes = this.integers([1, 3]);
    const mean = this.op("ReduceMean", [grouped, axes]);
    const square = this.op("ReduceMean", [this.op("Mul", [grouped, grouped]), axes]);
    const variance = this.op("Sub", [square, this.op("Mul", [mean, mean])]);
    const spread = this.op("Sqrt", [this.op("Add", [variance, this.floats([], [GROUP_NORM_EPSILON])])]);
    const weight = this.#uniform(`${name}.weight`, [GROUPS, width], 100, 1);
    const scale = this.op("Mul", [this.op("Reciprocal", [spread]), weight]);
    const bias = this.#uniform(`${name}.bias`, [GROUPS, width], 100);
    const shift = this.op("Sub", [bias, this.op("Mul", [mean, scale])]);
    const normed = this.op("Add", [this.op("Mul", [grouped, scale]), shift]);
    return this.reshape(normed, -1, steps, channels);
  }

  #mish(x: string): string {
    const n = this.op("Exp", [this.op("Clip", [x, "", this.floats([], [MISH_CLIP])])]);
    const two = this.floats([], [2]);
    const q = this.op("Mul", [n, this.op("Add", [n, two])]);
    return this.op("Mul", [x, this.op("Div", [q, this.op("Add", [q, two])])]);
  }

  /** Channels of [batch, 1, channels]. */
  #part(films: string, from: number, to: number): string {
    return this.op("Slice", [films, ...[[from], [to], [2]].map((values) => this.integers(values))]);
  }

  #pad(x: string, steps: number): string {
    return this.op("Pad", [x, this.integers([0, steps, 0, 0, steps, 0])], {});
  }

  /** Within ±1/√fanIn of the middle, as PyTorch draws them. */
  #uniform(name: string, dims: readonly number[], fanIn: number, middle = 0): string {
    const size = dims.reduce((product, side) => product * side, 1);
    return this.keep(tensorOf(name, dims, this.#draw(size, fanIn, middle)));
  }

  #draw(size: number, fanIn: number, middle = 0): Float32Array {
    const bound = 1 / Math.sqrt(fanIn);
    const values = new Float32Array(size);
    for (let k = 0; k < size; k++) values[k] = middle + bound * (2 * this.#stream.uniform() - 1);
    return values;
  }
}
