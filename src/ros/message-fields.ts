/**
 * The numbers of a ROS message, as far as policies see them or command them. A group gives the numbers of all its fields, in
 * the order of their definition; a quaternion is one thing, because its four numbers mean nothing apart.
 */
export type MessageField =
  | { readonly kind: "number"; readonly quantity: Quantity }
  | { readonly kind: "quaternion" }
  | { readonly kind: "group"; readonly fields: Readonly<Record<string, MessageField>> };

/** What a number measures: one unit can only convert numbers of one quantity. */
export type Quantity = "position" | "velocity" | "angular velocity";

const vector = (quantity: Quantity): MessageField => {
  const number = { kind: "number", quantity } as const;
  return { kind: "group", fields: { x: number, y: number, z: number } };
};
const group = (fields: Readonly<Record<string, MessageField>>): MessageField => ({ kind: "group", fields });

const pose = group({ position: vector("position"), orientation: { kind: "quaternion" } });
const twist = group({ linear: vector("velocity"), angular: vector("angular velocity") });

/** By ROS type; the definitions are those of common_interfaces. Covariances are left out: no unit converts them. */
export const MESSAGE_FIELDS = {
  "geometry_msgs/msg/PoseStamped": group({ pose }),
  "geometry_msgs/msg/TwistStamped": group({ twist }),
  "nav_msgs/msg/Odometry": group({ pose: group({ pose }), twist: group({ twist }) }),
} as const;

export type FieldsType = keyof typeof MESSAGE_FIELDS;

/** One field of a message, found by its path. */
export interface FoundField {
  /** From the message down, e.g. `["pose", "position", "x"]`. */
  readonly keys: readonly string[];
  readonly field: Exclude<MessageField, { kind: "group" }>;
  /** Of a path into a quaternion: which of x, y, z, w; undefined for all of it. */
  readonly component?: number;
}

const COMPONENTS = ["x", "y", "z", "w"];

/** The fields at a path, in order; or what is there instead, in words for a person. */
export function fieldsAt(type: FieldsType, path: string): readonly FoundField[] | string {
  let at: MessageField = MESSAGE_FIELDS[type];
  const keys = path.split(".");
  for (const [depth, key] of keys.entries()) {
    const before = keys.slice(0, depth);
    if (at.kind === "quaternion" && depth === keys.length - 1 && COMPONENTS.includes(key)) {
      return [{ keys: before, field: at, component: COMPONENTS.indexOf(key) }];
    }
    const within = at.kind === "group" ? at.fields : {};
    const names = at.kind === "quaternion" ? COMPONENTS : Object.keys(within);
    if (!Object.hasOwn(within, key)) {
      const there = before.length > 0 ? `"${before.join(".")}"` : type;
      const offer = names.length > 0 ? `it has ${names.join(", ")}` : "it is a number";
      return `there is no "${key}" to take in ${there}; ${offer}`;
    }
    at = within[key];
  }
  return leaves(at, keys);
}

function leaves(field: MessageField, keys: readonly string[]): FoundField[] {
  if (field.kind !== "group") return [{ keys, field }];
  return Object.entries(field.fields).flatMap(([key, child]) => leaves(child, [...keys, key]));
}
