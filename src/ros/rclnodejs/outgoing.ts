/** One field of a generated message class, as its `ROSMessageDef` tells it. */
interface Field {
  readonly name: string;
  readonly type: {
    readonly type: string;
    readonly pkgName: string | null;
    readonly isArray: boolean;
    readonly isPrimitiveType: boolean;
  };
}

type Message = Readonly<Record<string, unknown>>;
type Copy = (value: unknown) => unknown;

const EXACT = {
  byte: Uint8Array,
  uint8: Uint8Array,
  char: Int8Array,
  int8: Int8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;
type ExactArray = (typeof EXACT)[keyof typeof EXACT];

/**
 * Gives a message whose arrays rclnodejs publishes as they are. It copies from the beginning of the memory behind a
 * typed array, whatever its offset and the type of its elements: a view of a larger buffer, or doubles for a `float32[]`,
 * would go out as other bytes without an error. The message given is not changed; what is right already is not copied.
 *
 * @param messageClass the generated class of the message.
 * @param classOf gives the class of a message inside it, by type, e.g. `std_msgs/msg/Header`.
 * @example
 * const outgoing = outgoingMessages(rcl.require("std_msgs/msg/Float32MultiArray"), (type) => rcl.require(type));
 * publisher.publish(outgoing({ data: samples.subarray(10, 14) }));
 */
export function outgoingMessages(
  messageClass: unknown,
  classOf: (type: string) => unknown,
): (message: object) => object {
  const copy = messageCopy(messageClass, classOf);
  return copy ? (message) => copy(message) as object : (message) => message;
}

/** Undefined for a type that holds no array of numbers, at any depth. */
function messageCopy(messageClass: unknown, classOf: (type: string) => unknown): Copy | undefined {
  const copies = fieldsOf(messageClass)
    .map(({ name, type }) => [name, fieldCopy(type, classOf)] as const)
    .filter((entry): entry is readonly [string, Copy] => entry[1] !== undefined);
  if (copies.length === 0) return undefined;
  return (value) => {
    if (value === null || typeof value !== "object") return value;
    let message = value as Message;
    for (const [name, copy] of copies) {
      const before = message[name];
      const after = copy(before);
      if (after !== before) {
        if (message === value) message = { ...message };
        (message as Record<string, unknown>)[name] = after;
      }
    }
    return message;
  };
}

function fieldCopy(type: Field["type"], classOf: (type: string) => unknown): Copy | undefined {
  if (type.isPrimitiveType)
    return type.isArray ? arrayCopy(EXACT[type.type as keyof typeof EXACT]) : undefined;
  const copy = messageCopy(classOf(`${type.pkgName}/msg/${type.type}`), classOf);
  if (!copy || !type.isArray) return copy;
  return (value) => (Array.isArray(value) ? value.map(copy) : value);
}

/** @param exact what rclnodejs takes for the field; undefined where it takes no typed array. */
function arrayCopy(exact: ExactArray | undefined): Copy {
  return (value) => {
    if (!ArrayBuffer.isView(value) || value instanceof DataView) return value;
    const numbers = value as InstanceType<ExactArray>;
    if (!exact) return Array.from(numbers);
    const isWhole = numbers.byteOffset === 0 && numbers.byteLength === numbers.buffer.byteLength;
    return isWhole && numbers instanceof exact ? numbers : new exact(numbers);
  };
}

function fieldsOf(messageClass: unknown): readonly Field[] {
  const { ROSMessageDef: definition } = messageClass as {
    readonly ROSMessageDef?: { readonly fields?: readonly Field[] };
  };
  return definition?.fields ?? [];
}
