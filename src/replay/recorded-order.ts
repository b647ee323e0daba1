import type { RecordedEvent } from "../recording/mcap-schema.js";
import type { CandidateEvent, OrderEvent, SolveEvent } from "../telemetry/loop-event.js";

/** An order with what a recording holds of its solve. */
export interface RecordedOrder {
  readonly event: OrderEvent;
  /** What the loop found when it looked, if it did. */
  candidate?: CandidateEvent;
  /** Missing when the recording ends before it. */
  end?: SolveEvent;
}

/**
 * The orders of a recording, found by any of their events. A robot that comes back after it had to make room counts its
 * orders anew, while one of its old ones may still be under way: of orders with the same name, the first to be made ends
 * first.
 */
export function recordedOrders(events: Iterable<RecordedEvent>): ReadonlyMap<RecordedEvent, RecordedOrder> {
  const orders = new Map<RecordedEvent, RecordedOrder>();
  const open = new Map<string, RecordedOrder[]>();
  for (const event of events) {
    if (event.kind !== "order" && event.kind !== "candidate" && event.kind !== "solve") continue;
    const name = `${event.order} ${event.robot}`;
    const namesakes = open.get(name) ?? [];
    open.set(name, namesakes);
    if (event.kind === "order") namesakes.push({ event });
    const order = event.kind === "solve" ? namesakes.shift() : namesakes.at(-1);
    if (!order) continue;
    if (event.kind === "candidate") order.candidate = event;
    if (event.kind === "solve") order.end = event;
    orders.set(event, order);
  }
  return orders;
}
