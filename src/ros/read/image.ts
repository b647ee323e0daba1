import type { Scaling } from "../scaling.js";
import { bytesOf, countOf, fieldOf, refused, show, stampOf } from "./message.js";
import { type Picture, unpackBytes } from "./pixels.js";
import type { Reader, Reading } from "./reader.js";

/**
 * Reads raw images of the wanted size and encoding; rgb8 and bgr8 are turned into each other, everything else is refused
 * rather than guessed at. Depth (32FC1) with a pixel that is not finite is refused too: a policy cannot take it.
 */
export function imageReader(picture: Picture, scaling: Scaling): Reader {
  const { encoding, width, height, channels } = picture;
  const isFloat = encoding === "32FC1";
  const rowBytes = width * (isFloat ? 4 : channels);
  const other = { rgb8: "bgr8", bgr8: "rgb8", mono8: undefined, "32FC1": undefined }[encoding];
  return {
    type: "sensor_msgs/msg/Image",
    read(message) {
      const header = stampOf(message);
      if ("ok" in header) return header;
      const found = fieldOf(message, "encoding");
      if (found !== encoding && (found !== other || other === undefined)) {
        const wanted = other ? `${encoding} or ${other}` : encoding;
        return refused(`encoding is ${show(found)}; ${wanted} is wanted`);
      }
      const size = [fieldOf(message, "width"), fieldOf(message, "height")];
      if (size[0] !== width || size[1] !== height) {
        return refused(
          `the image is ${size.map(show).join(" × ")} pixels, but the policy wants ${width} × ${height}`,
        );
      }
      const step = countOf(fieldOf(message, "step"));
      if (step === undefined || step < rowBytes) {
        return refused(
          `step is ${show(fieldOf(message, "step"))}, but a row of ${width} ${encoding} pixels takes ${rowBytes} bytes`,
        );
      }
      const bytes = bytesOf(fieldOf(message, "data"));
      if (!bytes) return refused(`data is ${show(fieldOf(message, "data"))} where bytes are wanted`);
      if (bytes.length < step * height) {
        return refused(`data has ${bytes.length} bytes, but ${height} rows of ${step} make ${step * height}`);
      }
      if (!isFloat) {
        const values = unpackBytes(picture, bytes, step, found !== encoding, scaling);
        return { ok: true, values, stamp: header.stamp };
      }
      const isBig = fieldOf(message, "is_bigendian");
      if (typeof isBig !== "number" && typeof isBig !== "boolean") {
        return refused(`is_bigendian is ${show(isBig)}; 0 or 1 is wanted`);
      }
      const values = unpackFloats(picture, bytes, step, !isBig, scaling);
      return typeof values === "string"
        ? refused(values)
        : ({ ok: true, values, stamp: header.stamp } satisfies Reading);
    },
  };
}

/** The values of a picture of one 32 bit channel; or what is wrong with them. */
function unpackFloats(
  { width, height, stride }: Picture,
  bytes: Uint8Array,
  step: number,
  isLittleEndian: boolean,
  { scale, offset }: Scaling,
): Float64Array | string {
  // The bytes need not be aligned to four.
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new Float64Array(width * height);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const value = view.getFloat32(row * step + 4 * column, isLittleEndian);
      const scaled = value * scale + offset;
      if (!Number.isFinite(scaled)) return `the pixel in row ${row}, column ${column} is ${value}`;
      values[row * stride.row + column * stride.column] = scaled;
    }
  }
  return values;
}
