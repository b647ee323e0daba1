import type { Clock } from "../time/clock.js";
import type { ClientMessage, NodeMessage } from "../transport/message.js";
import type { ClientTransport } from "../transport/transport.js";
import type { WireFaults } from "./faults.js";
import { type DirectionFigures, FaultyDirection } from "./faulty-direction.js";
import { withNan, withWrongShape } from "./spoil.js";
import type { Verdict } from "./verdict.js";

/** What was done so far, for each direction. */
export interface WireFigures {
  readonly observations: DirectionFigures;
  readonly actions: DirectionFigures;
}

/** A client's end of a wire on which things go wrong. */
export interface FaultyClient extends ClientTransport {
  figures(): WireFigures;
}

/**
 * Puts faults between a robot and its node, in both directions: what `transport` would send and receive passes through
 * them first. What is drawn depends on the seed and on how many observations (or actions) went before, not on time, so
 * the same conversation suffers the same faults. A message's moment of arrival is when the faults let it through.
 *
 * @param clock delays and freezes run on it; freezes are counted from this call.
 *
 * @example
 * const { wire } = parseFaults("latency=20ms,drop=0.5");
 * const client = faultyClient(connectZeromqClient(), wire ?? SOUND_WIRE, 7, clock);
 * client.send({ type: "hello" });  // reaches the node 20 ms later
 * client.figures().observations.dropped;
 */
export function faultyClient(
  transport: ClientTransport,
  faults: WireFaults,
  seed: number,
  clock: Clock,
): FaultyClient {
  let handler: ((message: NodeMessage, receivedAt: number) => void) | undefined;
  const observations = new FaultyDirection<ClientMessage>({
    faults,
    seed,
    clock,
    direction: "observations",
    isReplaceable: ({ type }) => type === "observation",
    spoil: spoilObservation,
    deliver: (message) => transport.send(message),
  });
  const actions = new FaultyDirection<NodeMessage>({
    faults: { ...faults, nan: 0, shape: 0 },
    seed,
    clock,
    direction: "actions",
    isReplaceable: ({ type }) => type === "action",
    spoil: (message) => message,
    deliver: (message) => handler?.(message, clock.now()),
  });
  return {
    get dropped() {
      return transport.dropped;
    },
    listen(hear) {
      handler = hear;
      transport.listen((message) => actions.send(message));
    },
    send: (message) => observations.send(message),
    figures: () => ({ observations: observations.figures(), actions: actions.figures() }),
    async close() {
      observations.close();
      actions.close();
      await transport.close();
    },
  };
}

function spoilObservation(message: ClientMessage, { hasNan, hasWrongShape, where }: Verdict): ClientMessage {
  if (message.type !== "observation") return message;
  // A robot may reuse its arrays once it has sent them, however long the message is under way.
  const own = structuredClone(message);
  const holed = hasNan ? withNan(own, where) : own;
  return hasWrongShape ? withWrongShape(holed, where) : holed;
}
