import * as z from "zod";
import { describeIssue } from "./describe-issue.js";
import { type FloatArray, isNdArray, type NdArray } from "./ndarray.js";
import { decode, encode, type WireValue } from "./wire.js";
import { DEFAULT_WIRE_LIMITS } from "./wire-scan.js";

const count = z.int().nonnegative();
const floatArray = z.custom<FloatArray>((value) => isNdArray(value) && value.dtype.startsWith("<f"), {
  error: 'must be a float ndarray, for example np.asarray(x, dtype="<f4")',
});
const float32Matrix = z.custom<NdArray<"<f4">>(
  (value) => isNdArray(value) && value.dtype === "<f4" && value.shape.length === 2,
  { error: "must be a float32 ndarray of shape [rows, width]" },
);

const hello = z.strictObject({ type: z.literal("hello") });

const observation = z.strictObject({
  type: z.literal("observation"),
  id: count,
  stamp: count,
  episode: count,
  step: count,
  plan: z.boolean(),
  observation: z.record(z.string(), floatArray),
});

const policy = z.strictObject({
  type: z.literal("policy"),
  name: z.string(),
  task: z.string(),
  rate_hz: z.number().positive(),
  n_obs_steps: z.int().positive(),
  horizon: z.int().positive(),
  n_action_steps: z.int().positive(),
  observation: z.array(z.strictObject({ name: z.string(), shape: z.array(count), unit: z.string() })),
  action: z.array(z.strictObject({ name: z.string(), unit: z.string(), min: z.number(), max: z.number() })),
  solver: z.string(),
  provider: z.string(),
});

const chunk = z.strictObject({
  type: z.literal("chunk"),
  id: count,
  stamp: count,
  episode: count,
  step: count,
  actions: float32Matrix,
  execute: z.int().positive(),
  outcome: z.enum(["accepted", "budget"]),
  sweeps: count,
  evaluations: count,
  residual: z.number().nonnegative(),
  solve_ms: z.number().nonnegative(),
});

const refused = z.strictObject({
  type: z.literal("refused"),
  id: count.nullable(),
  stamp: count.nullable(),
  reason: z.enum([
    "superseded",
    "malformed",
    "oversized",
    "invalid-observation",
    "unconverged",
    "solver-failed",
    "busy",
    "stopping",
  ]),
  message: z.string(),
});

const clientMessage = z.discriminatedUnion("type", [hello, observation]);
const nodeMessage = z.discriminatedUnion("type", [policy, chunk, refused]);

/** Client to node: asks for the {@link PolicyMessage}. */
export type HelloMessage = z.infer<typeof hello>;

/**
 * Client to node: what the robot saw at one control step.
 *
 * - `id`: increases with every observation of this client, from 0, which begins a conversation anew; a reply carries it
 *   back.
 * - `stamp`: when it was acquired, integer microseconds of the client's monotonic clock.
 * - `episode`, `step`: which episode, and how many control steps have been executed in it so far.
 * - `plan`: true asks for a chunk; false only adds to the history.
 * - `observation`: float arrays by the policy's names, in the policy's units. They may hold NaN here: the node
 *   refuses those by name and index (`invalid-observation`).
 */
export type ObservationMessage = z.infer<typeof observation>;

/** Node to client: what the policy sees and does, in physical units, and how it is being run. */
export type PolicyMessage = z.infer<typeof policy>;

/**
 * Node to client: the actions that answer one observation, whose `id`, `stamp`, `episode` and `step` it echoes.
 *
 * - `actions`: float32 `[rows, width]` in physical units; row 0 belongs to control step `step`, row k to `step + k`;
 *   `rows = horizon - n_obs_steps + 1`.
 * - `execute`: how many rows to execute before the next chunk is due (`n_action_steps`).
 * - `outcome`: `accepted` when the solver met its tolerance, `budget` when time was up and the best iterate was sound.
 * - `sweeps`, `evaluations`: solver sweeps and network evaluations used; `residual`: the solver's; `solve_ms`: time.
 */
export type ChunkMessage = z.infer<typeof chunk>;

/** Node to client: no chunk for observation `id` (null: it had no readable id), and why. */
export type RefusedMessage = z.infer<typeof refused>;

/** Why a chunk is refused: the code to branch on; `message` is for people. */
export type RefusalReason = RefusedMessage["reason"];

/** Everything a client may send. */
export type ClientMessage = HelloMessage | ObservationMessage;

/** Everything a node may send. */
export type NodeMessage = PolicyMessage | ChunkMessage | RefusedMessage;

/** A message, or the refusal that answers the bytes: ready to be sent back, with `id` and `stamp` where readable. */
export type Parsed<M> =
  | { readonly ok: true; readonly message: M }
  | { readonly ok: false; readonly refusal: RefusedMessage };

/**
 * Encodes a message. Throws `RangeError` when it is over the wire's size limit, which no receiver would accept.
 *
 * ```ts
 * const bytes = encodeMessage({ type: "hello" });
 * const parsed = parseClientMessage(bytes);
 * if (parsed.ok && parsed.message.type === "hello") console.log("hello");
 * ```
 */
export function encodeMessage(message: ClientMessage | NodeMessage): Uint8Array {
  const bytes = encode(message);
  if (bytes.length > DEFAULT_WIRE_LIMITS.maxBytes) {
    throw new RangeError(
      `the ${message.type} message has ${bytes.length} bytes; the limit is ${DEFAULT_WIRE_LIMITS.maxBytes}`,
    );
  }
  return bytes;
}

/** Decodes and checks what a client sent. Never throws: whatever the bytes, a refusal is a value. */
export function parseClientMessage(bytes: Uint8Array): Parsed<ClientMessage> {
  return parse(clientMessage, bytes);
}

/** Decodes and checks what a node sent. Never throws: whatever the bytes, a refusal is a value. */
export function parseNodeMessage(bytes: Uint8Array): Parsed<NodeMessage> {
  return parse(nodeMessage, bytes);
}

function parse<M>(schema: z.ZodType<M>, bytes: Uint8Array): Parsed<M> {
  const decoded = decode(bytes);
  if (!decoded.ok) {
    const reason = decoded.reason === "oversized" ? "oversized" : "malformed";
    return {
      ok: false,
      refusal: { type: "refused", id: null, stamp: null, reason, message: decoded.message },
    };
  }
  const result = schema.safeParse(decoded.value);
  if (result.success) return { ok: true, message: result.data };
  const refusal: RefusedMessage = {
    type: "refused",
    id: readableCount(decoded.value, "id"),
    stamp: readableCount(decoded.value, "stamp"),
    reason: "malformed",
    message: describeIssue(result.error.issues[0], decoded.value),
  };
  return { ok: false, refusal };
}

function readableCount(value: WireValue, field: string): number | null {
  const result = z.looseObject({ [field]: count }).safeParse(value);
  return result.success ? (result.data[field] as number) : null;
}
