import type { Clock } from "../src/time/clock.js";
import type { ActionMessage, RefusedMessage } from "../src/transport/message.js";
import type { Chronicle } from "./chronicle.js";
import type { InHand } from "./in-hand.js";
import { type PolicyClient, type Sighting, SilentNodeError } from "./policy-client.js";
import { Refusals } from "./refusals.js";

/** How much of a control period a robot in real time waits for the action of the step that has just begun. */
const GRACE = 0.8;

/** How a robot comes by the action of the step that has just begun; undefined: it does not. */
export type Ask = (sighting: Sighting, inHand: InHand) => Promise<ActionMessage | undefined>;

/** Waits for the action of each step, as long as the client has patience. */
export function lockStep(client: PolicyClient, chronicle: Chronicle): Ask {
  const refusals = new Refusals();
  return async (sighting, inHand) => {
    const asked = performance.now();
    const before = client.repeats;
    const reply = await client.act(sighting);
    const times = client.repeats - before;
    if (times > 0) chronicle.note(sighting.step, waited(times, performance.now() - asked));
    if (reply.type === "refused") {
      chronicle.note(sighting.step, refused(reply));
      refusals.refused(reply);
      return undefined;
    }
    refusals.answered();
    inHand.take(reply, sighting.step);
    return reply;
  };
}

/** Waits for the action of a step until its period is nearly over. */
export function realTime(
  client: PolicyClient,
  chronicle: Chronicle,
  {
    clock,
    periodMs,
    patienceMs,
  }: { readonly clock: Clock; readonly periodMs: number; readonly patienceMs: number },
): Ask {
  const refusals = new Refusals();
  let heardAt = clock.now();
  const hear = (reply: ActionMessage | RefusedMessage, inHand: InHand, newest: number) => {
    heardAt = clock.now();
    if (reply.type === "action") {
      refusals.answered();
      inHand.take(reply, newest);
    } else if (reply.reason !== "superseded") {
      chronicle.note(newest, refused(reply));
      refusals.refused(reply);
    }
  };
  return async (sighting, inHand) => {
    const { step } = sighting;
    // What the node sent for this step already, it sent without having seen it: so it goes for a robot that stood still.
    for (const late of client.takeNews()) hear(late, inHand, step - 1);
    client.show(sighting);
    const graceEnds = clock.now() + GRACE * periodMs;
    while (!inHand.hasAnswer(step)) {
      const reply = await client.nextAction(clock, graceEnds);
      if (!reply) break;
      hear(reply, inHand, step);
    }
    if (clock.now() - heardAt > patienceMs) throw new SilentNodeError(silence(client.endpoint, patienceMs));
    return inHand.has(step) ? inHand.message : undefined;
  };
}

function refused({ message }: RefusedMessage): string {
  return `the node refused what it was shown: ${message}`;
}

function waited(times: number, ms: number): string {
  return `no answer for ${(ms / 1000).toFixed(1)} s, asked again ${times === 1 ? "once" : `${times} times`}: the world waited`;
}

function silence(endpoint: string, patienceMs: number): string {
  return (
    `the node at ${endpoint} did not answer for ${patienceMs / 1000} s: ` +
    "is it running (parapilot run, with a launch file), and on this endpoint?"
  );
}
