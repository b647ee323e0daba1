import type { z } from "zod";
import type { qosSchema } from "../launch/ros-section.js";

export type Qos = Readonly<z.infer<typeof qosSchema>>;

/** Sensors: the newest message or none. */
export const SENSOR_QOS: Qos = { reliability: "best_effort", durability: "volatile", depth: 1 };
/** Commands: every one arrives, the newest wins. */
export const COMMAND_QOS: Qos = { reliability: "reliable", durability: "volatile", depth: 1 };
/** State that whoever comes later must know: status, static configuration. */
export const LATCHED_QOS: Qos = { reliability: "reliable", durability: "transient_local", depth: 1 };
