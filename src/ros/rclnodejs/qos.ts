import type { Qos } from "../qos.js";
import type { Rcl, RclEndpoint } from "./rcl.js";

// rmw/types.h; every value is given, since the defaults of rclnodejs leave them to the middleware.
const KEEP_LAST = 1;
const LIVELINESS_AUTOMATIC = 1;
const RELIABILITY = { reliable: 1, best_effort: 2 } as const;
const DURABILITY = { transient_local: 1, volatile: 2 } as const;

export function rclQos(rcl: Rcl, { reliability, durability, depth }: Qos): object {
  return new rcl.QoS(
    KEEP_LAST,
    depth,
    RELIABILITY[reliability],
    DURABILITY[durability],
    LIVELINESS_AUTOMATIC,
  );
}

/** In the words of the ROS 2 documentation. */
export function endpointQos({ reliability, durability, depth }: RclEndpoint["qos_profile"]) {
  return { reliability: word(RELIABILITY, reliability), durability: word(DURABILITY, durability), depth };
}

function word(codes: Readonly<Record<string, number>>, code: number): string {
  return Object.entries(codes).find(([, each]) => each === code)?.[0] ?? "unknown";
}
