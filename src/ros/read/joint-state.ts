import { ConfigurationError } from "../../policy/errors.js";
import type { Scaling } from "../scaling.js";
import { arrayOf, fieldOf, listed, numberOf, refused, show, stampOf } from "./message.js";
import type { Reader, Reading } from "./reader.js";

export interface JointStateBinding {
  readonly joints: readonly string[];
  readonly field: "position" | "velocity" | "effort";
}

/**
 * Reads joints by their names, in the order of the binding, whatever the order of the message. Where they are is worked out
 * when the names change, not in every message.
 *
 * @throws ConfigurationError for a joint bound twice, or another number of joints than the policy wants.
 *
 * @example
 * const reader = new JointStateReader({ joints: ["elbow", "wrist"], field: "position" }, 2, scaling);
 */
export class JointStateReader implements Reader {
  readonly type = "sensor_msgs/msg/JointState";
  readonly #joints: readonly string[];
  readonly #field: JointStateBinding["field"];
  readonly #scaling: Scaling;
  /** Of the last message, and where among them the joints are, or why that cannot be said. */
  #names: readonly unknown[] = [];
  #indices: readonly number[] | string;

  /** @param width how many values the policy wants. */
  constructor({ joints, field }: JointStateBinding, width: number, scaling: Scaling) {
    const repeated = joints.find((joint, k) => joints.indexOf(joint) !== k);
    if (repeated !== undefined) throw new ConfigurationError(`joints: "${repeated}" is named twice`);
    if (joints.length !== width) {
      throw new ConfigurationError(
        `joints: ${joints.length} are named (${listed(joints)}), but the policy wants ${width} values`,
      );
    }
    this.#joints = joints;
    this.#field = field;
    this.#scaling = scaling;
    this.#indices = indicesOf(joints, []);
  }

  read(message: unknown): Reading {
    const header = stampOf(message);
    if ("ok" in header) return header;
    const names = fieldOf(message, "name");
    if (!Array.isArray(names)) return refused(`name is ${show(names)} where joint names are wanted`);
    if (!this.#knows(names)) {
      this.#indices = indicesOf(this.#joints, names);
      this.#names = names.slice();
    }
    if (typeof this.#indices === "string") return refused(this.#indices);
    return this.#values(fieldOf(message, this.#field), header.stamp);
  }

  #knows(names: readonly unknown[]): boolean {
    if (names.length !== this.#names.length) return false;
    for (let k = 0; k < names.length; k++) if (names[k] !== this.#names[k]) return false;
    return true;
  }

  #values(found: unknown, stamp: Extract<Reading, { ok: true }>["stamp"]): Reading {
    const numbers = arrayOf(found);
    if (!numbers) return refused(`${this.#field} is ${show(found)} where an array of numbers is wanted`);
    if (numbers.length === 0) {
      return refused(`${this.#field} is empty: this publisher does not give it; bind another field or topic`);
    }
    if (numbers.length !== this.#names.length) {
      return refused(`${this.#field} has ${numbers.length} values for ${this.#names.length} joint names`);
    }
    const { scale, offset } = this.#scaling;
    const values = new Float64Array(this.#joints.length);
    for (let k = 0; k < values.length; k++) {
      const value = numbers[(this.#indices as readonly number[])[k]];
      values[k] = numberOf(value) * scale + offset;
      if (!Number.isFinite(values[k])) {
        return refused(`${this.#field} of joint "${this.#joints[k]}" is ${show(value)}`);
      }
    }
    return { ok: true, values, stamp };
  }
}

/** Where each joint is among the names; or why that cannot be said. */
function indicesOf(joints: readonly string[], names: readonly unknown[]): readonly number[] | string {
  const odd = names.findIndex((each) => typeof each !== "string");
  if (odd >= 0) return `name[${odd}] is ${show(names[odd])} where a joint name is wanted`;
  const missing = joints.filter((joint) => !names.includes(joint));
  if (missing.length > 0) {
    const which = missing.length === 1 ? `joint "${missing[0]}" is` : `joints ${listed(missing)} are`;
    return `${which} missing; the message has ${listed(names as readonly string[])}`;
  }
  const twice = joints.find((joint) => names.indexOf(joint) !== names.lastIndexOf(joint));
  if (twice !== undefined) return `joint "${twice}" is there twice: which of the two is meant?`;
  return joints.map((joint) => names.indexOf(joint));
}
