import type { ObservationMessage } from "../transport/message.js";
import type { FloatArray } from "../transport/ndarray.js";

/** A copy in which one number is NaN; the same message when it holds none. `where` in (0, 1] says which. */
export function withNan(message: ObservationMessage, where: number): ObservationMessage {
  return withArray(message, where, (array, index) => {
    const data = array.data.slice();
    data[index] = Number.NaN;
    return { ...array, data } as FloatArray;
  });
}

/**
 * A copy in which the array with that number has a wrong shape: transposed where that is another shape, for then the
 * count of values is right and only their places are wrong; otherwise short of one value.
 */
export function withWrongShape(message: ObservationMessage, where: number): ObservationMessage {
  return withArray(message, where, (array) => {
    const shape = array.shape.toReversed();
    if (shape.join() !== array.shape.join()) return { ...array, shape };
    return { ...array, shape: [array.data.length - 1], data: array.data.slice(1) } as FloatArray;
  });
}

function withArray(
  message: ObservationMessage,
  where: number,
  change: (array: FloatArray, index: number) => FloatArray,
): ObservationMessage {
  const entries = Object.entries(message.observation);
  const count = entries.reduce((sum, [, { data }]) => sum + data.length, 0);
  let index = Math.ceil(where * count) - 1;
  for (const [name, array] of entries) {
    if (index >= 0 && index < array.data.length) {
      return { ...message, observation: { ...message.observation, [name]: change(array, index) } };
    }
    index -= array.data.length;
  }
  return message;
}
