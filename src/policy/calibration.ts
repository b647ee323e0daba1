import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { z } from "zod";
import { fromHalfBits, halfBits } from "../onnx/half.js";
import type { Guess, Response } from "../sampling/response.js";
import { ConfigurationError, describeIssues } from "./errors.js";

export const CALIBRATION_FILE = "calibration.safetensors";

/** What `parapilot calibrate` has learnt about a policy's network. It makes solves shorter, never different. */
export interface Calibration {
  readonly shape: CalibratedShape;
  /** sha256 of the network that was measured. */
  readonly denoiser: string;
  /** How to measure again. */
  readonly command: string;
  /** Ticks whose predictions the guess was fitted to, and states whose response was measured. */
  readonly ticks: number;
  readonly states: number;
  readonly response: Response;
  /** [levels · n · (1 + To·O)] the guess's offset at observation 0, and its change per normalised observation value. */
  readonly offset: Float64Array;
  /** [levels · n · rank] the guess's slope. */
  readonly slope: Float64Array;
}

/**
 * The guess for one observation.
 *
 * @param observation [To · O] normalised, oldest first.
 * @param offset [levels · n] filled, and part of the guess.
 */
export function guessFor(
  calibration: Pick<Calibration, "offset" | "slope">,
  observation: Float64Array,
  offset: Float64Array,
): Guess {
  const { offset: table, slope } = calibration;
  const width = 1 + observation.length;
  for (let row = 0; row < offset.length; row++) {
    let sum = table[row * width];
    for (let o = 0; o < observation.length; o++) sum += table[row * width + 1 + o] * observation[o];
    offset[row] = sum;
  }
  return { offset, slope };
}

/** Sizes of the policy that was calibrated. */
export interface CalibratedShape {
  readonly levels: number;
  /** H·D */
  readonly chunk: number;
  /** To·O */
  readonly observation: number;
}

const facts = z.object({
  format: z.literal("parapilot-calibration/1"),
  denoiser: z.string(),
  command: z.string(),
  ticks: z.coerce.number().int().positive(),
  states: z.coerce.number().int().positive(),
  tolerance: z.coerce.number().positive().optional(),
  sha256: z.string(),
});
const BYTES = { F32: 4, F16: 2 };
const tensor = z.object({
  dtype: z.enum(["F32", "F16"]),
  shape: z.array(z.number().int().positive()),
  data_offsets: z.tuple([z.number().int(), z.number().int()]),
});
const headerSchema = z.object({
  __metadata__: facts,
  basis: tensor,
  response: tensor,
  offset: tensor,
  slope: tensor,
});

const TENSORS = ["basis", "response", "offset", "slope"] as const;

/**
 * Writes a calibration in the safetensors format: a length, a JSON header, float16 numbers. Their three digits are more
 * than a mean over states has, and the numbers of an arm's policy fill tens of megabytes otherwise.
 */
export async function saveCalibration(file: string, calibration: Calibration): Promise<void> {
  const { response, offset, slope, denoiser, command, ticks, states } = calibration;
  const { levels, chunk, observation } = calibration.shape;
  const { rank, basis, slope: mean, tolerance } = response;
  const parts = {
    basis: { values: basis, shape: [chunk, rank] },
    response: { values: mean, shape: [levels, chunk, rank] },
    offset: { values: offset, shape: [levels, chunk, 1 + observation] },
    slope: { values: slope, shape: [levels, chunk, rank] },
  };
  const body = Buffer.concat(
    TENSORS.map((name) => Buffer.from(halfBits(Float32Array.from(parts[name].values)).buffer)),
  );
  let at = 0;
  const tensors = TENSORS.map((name) => {
    const begin = at;
    at += parts[name].values.length * BYTES.F16;
    return [name, { dtype: "F16", shape: parts[name].shape, data_offsets: [begin, at] }];
  });
  const sha256 = createHash("sha256").update(body).digest("hex");
  const metadata = {
    format: "parapilot-calibration/1",
    denoiser,
    command,
    ticks: String(ticks),
    states: String(states),
    ...(tolerance === undefined ? {} : { tolerance: String(tolerance) }),
    sha256,
  };
  const json = JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(tensors) });
  // The format wants its numbers aligned to eight bytes.
  const header = Buffer.from(json.padEnd(Math.ceil(json.length / 8) * 8));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  await writeFile(file, Buffer.concat([length, header, body]));
}

/**
 * Reads a calibration, or nothing when there is no such file.
 *
 * @throws ConfigurationError naming what is wrong with the file and the remedy.
 */
export async function loadCalibration(file: string): Promise<Calibration | undefined> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new ConfigurationError(`cannot read ${file} (${(error as NodeJS.ErrnoException).code})`);
  }
  const wrong = (what: string) =>
    new ConfigurationError(`${file} ${what}; run parapilot calibrate again, or delete the file`);
  const length = bytes.length >= 8 ? Number(bytes.readBigUInt64LE()) : Number.POSITIVE_INFINITY;
  if (length > bytes.length - 8) throw wrong(`is truncated: ${bytes.length} bytes`);
  let document: unknown;
  try {
    document = JSON.parse(bytes.toString("utf8", 8, 8 + length));
  } catch {
    throw wrong("has no readable header");
  }
  const parsed = headerSchema.safeParse(document);
  if (!parsed.success) throw wrong(`is no calibration: ${describeIssues(parsed.error, document)}`);
  const { __metadata__: metadata, ...tensors } = parsed.data;
  const body = bytes.subarray(8 + length);
  const sha256 = createHash("sha256").update(body).digest("hex");
  if (sha256 !== metadata.sha256) throw wrong(`is damaged: its numbers have sha256 ${sha256}`);
  const [chunk, rank = 0] = tensors.basis.shape;
  const [levels, , head = 0] = tensors.offset.shape;
  const shape = { levels, chunk, observation: head - 1 };
  const wanted = {
    basis: [chunk, rank],
    response: [levels, chunk, rank],
    offset: [levels, chunk, head],
    slope: [levels, chunk, rank],
  };
  const values = (name: (typeof TENSORS)[number]): Float64Array => {
    const { dtype, shape: found, data_offsets } = tensors[name];
    const size = wanted[name].reduce((product, side) => product * side, 1);
    const [begin, end] = data_offsets;
    if (found.join() !== wanted[name].join() || end - begin !== BYTES[dtype] * size || end > body.length) {
      throw wrong(`has ${name} [${found.join(", ")}] where [${wanted[name].join(", ")}] would fit`);
    }
    // A copy, since numbers in memory start at a multiple of their size.
    const { buffer } = Uint8Array.from(body.subarray(begin, end));
    return Float64Array.from(
      dtype === "F32" ? new Float32Array(buffer) : fromHalfBits(new Uint16Array(buffer)),
    );
  };
  return {
    shape,
    denoiser: metadata.denoiser,
    command: metadata.command,
    ticks: metadata.ticks,
    states: metadata.states,
    response: {
      basis: values("basis"),
      rank,
      slope: values("response"),
      ...(metadata.tolerance === undefined ? {} : { tolerance: metadata.tolerance }),
    },
    offset: values("offset"),
    slope: values("slope"),
  };
}
