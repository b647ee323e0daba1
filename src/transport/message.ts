import * as z from "zod";
import { describeIssue } from "./describe-issue.js";
import { type FloatArray, isNdArray, type NdArray } from "./ndarray.js";
import { decode, encode } from "./wire.js";
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
  age_ms: z.exactOptional(z.number().nonnegative()),
  episode: count,
  step: count,
  reply: z.enum(["none", "once", "paced"]),
  observation: z.record(z.string(), floatArray),
});

const policy = z.strictObject({
  type: z.literal("policy"),
  name: z.string(),
  task: z.string(),
  rate_hz: z.number().positive(),
  command_rate_hz: z.number().positive(),
  n_obs_steps: z.int().positive(),
  horizon: z.int().positive(),
  n_action_steps: z.int().positive(),
  observation: z.array(z.strictObject({ name: z.string(), shape: z.array(count), unit: z.string() })),
  action: z.array(z.strictObject({ name: z.string(), unit: z.string(), min: z.number(), max: z.number() })),
  solver: z.string(),
  provider: z.string(),
  budgets: z.string(),
});

const action = z.strictObject({
  type: z.literal("action"),
  id: count.nullable(),
  stamp: count.nullable(),
  episode: count,
  step: count,
  actions: float32Matrix,
  commands: z.strictObject({ positions: float32Matrix, velocities: float32Matrix }).nullable(),
  rung: z.enum(["fresh", "iterate", "rest", "hold", "stop"]),
  reason: z.string(),
  missed: z.boolean(),
  plan: z
    .strictObject({
      step: count,
      outcome: z.enum(["accepted", "budget"]),
      sweeps: count,
      evaluations: count,
      residual: z.number().nonnegative(),
      solve_ms: z.number().nonnegative(),
      age_ms: z.number().nonnegative(),
    })
    .nullable(),
});

const refused = z.strictObject({
  type: z.literal("refused"),
  id: count.nullable(),
  stamp: count.nullable(),
  reason: z.enum(["superseded", "malformed", "oversized", "invalid-observation", "busy", "stopping"]),
  message: z.string(),
});

/** Of the observation that a message would have been, where it can be read. */
const returnAddress = z
  .object({ id: count.nullable().catch(null), stamp: count.nullable().catch(null) })
  .catch({ id: null, stamp: null });

const clientMessage = z.discriminatedUnion("type", [hello, observation]);
const nodeMessage = z.discriminatedUnion("type", [policy, action, refused]);

/** Client to node: asks for the {@link PolicyMessage}. */
export type HelloMessage = z.infer<typeof hello>;

/**
 * Client to node: what the robot saw at one control step.
 *
 * - `id`: increases with every observation of this client, from 0, which begins a conversation anew; a reply carries it
 *   back.
 * - `stamp`: when it was acquired, integer microseconds of the client's monotonic clock.
 * - `age_ms`: how old it was when it was sent, where the client knows: a camera's exposure and transfer, say. A delay that
 *   all messages share shows nowhere else.
 * - `episode`, `step`: which episode, and how many control steps have been executed in it so far.
 * - `reply`: `once` asks for the action of this step (lock-step: the world waits for it); `paced` asks for it and has the
 *   node go on at the policy's rate, should the next observations not come (real time); `none` only adds to the history.
 * - `observation`: float arrays by the policy's names, in the policy's units. They may hold NaN here: the node
 *   refuses those by name and index (`invalid-observation`).
 */
export type ObservationMessage = z.infer<typeof observation>;

/** Node to client: what the policy sees and does, in physical units, and how it is being run. */
export type PolicyMessage = z.infer<typeof policy>;

/**
 * Node to client: the action of one control step.
 *
 * - `id`: the observation that it answers; null when the observation of this step did not come and the clock ticked.
 * - `stamp`: when the observation was acquired that the action derives from; null when it derives from none.
 * - `episode`, `step`: the control step to execute it in.
 * - `actions`: float32 `[rows, width]` in physical units. Row 0 is the action of `step`; row k, of `step + k`, is the plan
 *   as it stands and within the limits, to go on with should the node fall silent; of a stop, the way to the standstill. No
 *   rows: stay as you are.
 * - `commands`: at a command rate above the policy's, this step's commands: float32 `[commands, width]` positions and
 *   velocities per second, evenly spread over the step. Null when the action is the only one.
 * - `rung`, `reason`: where the action comes from, best first, and why it is not `fresh`: a chunk that met the solver's
 *   tolerance; the `iterate` at hand when time was up; the `rest` of an older chunk; the last action again (`hold`); a
 *   controlled `stop`.
 * - `missed`: a solve was due by this step and did not make it. None is due before the first chunk of an episode.
 * - `plan`: the chunk behind the action: its first step, how it ended (`budget`: cut short, but sound), sweeps, network
 *   evaluations, residual, time, and the age of its observation. Null when there is none.
 */
export type ActionMessage = z.infer<typeof action>;

/** Node to client: no action for observation `id` (null: it had no readable id), and why. */
export type RefusedMessage = z.infer<typeof refused>;

/** Why an observation is refused: the code to branch on; `message` is for people. */
export type RefusalReason = RefusedMessage["reason"];

/** Everything a client may send. */
export type ClientMessage = HelloMessage | ObservationMessage;

/** Everything a node may send. */
export type NodeMessage = PolicyMessage | ActionMessage | RefusedMessage;

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
    ...returnAddress.parse(decoded.value),
    reason: "malformed",
    message: describeIssue(result.error.issues[0], decoded.value),
  };
  return { ok: false, refusal };
}
