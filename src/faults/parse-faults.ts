import type { WorkerFaults } from "../inference/worker-faults.js";
import { ConfigurationError } from "../policy/errors.js";
import { FAULT_PARTS, type FaultName, type FaultParts } from "./fault-part.js";
import { type Faults, type Freeze, SOUND_WIRE, type WireFaults } from "./faults.js";

/** All faults that can be asked for, by example; for a command's help. */
export const FAULT_EXAMPLES = Object.values(FAULT_PARTS)
  .map(({ example }) => example)
  .join(", ");

const PART = /^\s*([a-z-]+)(?:=([^=@]*))?(?:@([^=@]*))?\s*$/;

/**
 * Reads which faults to inject: parts separated by commas, `name=value@when`, times with their unit (ms, s, min), shares
 * from 0 to 1. `@` is the time since the start for a freeze (there may be several), and the solve, counted from 1, for a
 * fault of the worker.
 *
 * @param seed of everything that is drawn.
 * @throws ConfigurationError naming the part that is wrong, what is accepted and an example.
 *
 * @example
 * const { wire, worker } = parseFaults("latency=20ms,drop=0.5,freeze=2s@10s,worker-stall=3s@5", 7);
 * wire?.drop;     // 0.5
 * worker?.stall;  // { at: 5, ms: 3000 }
 */
export function parseFaults(text: string, seed = 0): Faults {
  const parts: { [N in FaultName]?: unknown } = {};
  const freezes: Freeze[] = [];
  for (const part of text.split(",")) {
    const [name, read] = readPart(part);
    if (name === "freeze") {
      const { value: forMs, at: atMs } = read as NonNullable<FaultParts["freeze"]>;
      freezes.push({ atMs, forMs });
    } else if (parts[name] !== undefined) {
      throw new ConfigurationError(`fault "${part.trim()}": ${name} is given twice; give it once`);
    } else {
      parts[name] = read;
    }
  }
  const wire = wireFaults(parts as FaultParts, freezes);
  const worker = workerFaults(parts as FaultParts, seed);
  return { ...(wire && { wire }), ...(worker && { worker }) };
}

function readPart(part: string): readonly [FaultName, unknown] {
  const [, name, value, at] = PART.exec(part) ?? [];
  if (name === undefined || !Object.hasOwn(FAULT_PARTS, name)) {
    throw new ConfigurationError(
      `fault "${part.trim()}" is not known; separate faults by commas, and choose from: ${FAULT_EXAMPLES}`,
    );
  }
  const { schema, example } = FAULT_PARTS[name as FaultName];
  const result = schema.safeParse({ value, at });
  if (result.success) return [name as FaultName, result.data];
  const why = result.error.issues[0].message;
  throw new ConfigurationError(`fault "${part.trim()}": ${why}; for example ${example}`);
}

function wireFaults(parts: FaultParts, freezes: readonly Freeze[]): WireFaults | undefined {
  const { latency, jitter, drop, duplicate, reorder, nan, shape } = parts;
  const named = [latency, jitter, drop, duplicate, reorder, nan, shape].some((part) => part !== undefined);
  if (!named && freezes.length === 0) return undefined;
  return {
    latencyMs: latency?.value ?? SOUND_WIRE.latencyMs,
    jitterMs: jitter?.value ?? SOUND_WIRE.jitterMs,
    drop: drop?.value ?? SOUND_WIRE.drop,
    duplicate: duplicate?.value ?? SOUND_WIRE.duplicate,
    reorder: reorder?.value ?? SOUND_WIRE.reorder,
    freezes,
    nan: nan?.value ?? SOUND_WIRE.nan,
    shape: shape?.value ?? SOUND_WIRE.shape,
  };
}

function workerFaults(parts: FaultParts, seed: number): WorkerFaults | undefined {
  const stall = parts["worker-stall"];
  const crash = parts["worker-crash"];
  const nan = parts["worker-nan"];
  const delay = parts["worker-delay"];
  const jitter = parts["worker-jitter"];
  if (!(stall || crash || nan || delay || jitter)) return undefined;
  return {
    ...(stall && { stall: { at: stall.at, ms: stall.value ?? null } }),
    ...(crash && { crash: { at: crash.at } }),
    ...(nan && { nan: { at: nan.at } }),
    ...((delay || jitter) && { delay: { ms: delay?.value ?? 0, jitterMs: jitter?.value ?? 0, seed } }),
  };
}
