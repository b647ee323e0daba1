import { ConfigurationError } from "../../policy/errors.js";
import type { Scaling } from "../scaling.js";

/** Encodings as of `sensor_msgs/image_encodings`. */
export type Encoding = "rgb8" | "bgr8" | "mono8" | "32FC1";

export interface PictureBinding {
  readonly encoding: Encoding;
  readonly layout: "channels_first" | "channels_last";
}

/** The picture that the policy wants: its size, and how far apart its values are in an observation. */
export interface Picture {
  readonly encoding: Encoding;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly stride: { readonly row: number; readonly column: number; readonly channel: number };
}

const CHANNELS: Readonly<Record<Encoding, number>> = { rgb8: 3, bgr8: 3, mono8: 1, "32FC1": 1 };

/**
 * @param shape of the observation, [C, H, W] or [H, W, C] as the layout says.
 * @throws ConfigurationError for a shape that is not that of such a picture.
 */
export function pictureOf({ encoding, layout }: PictureBinding, shape: readonly number[]): Picture {
  const isFirst = layout === "channels_first";
  const channels = CHANNELS[encoding];
  if (shape.length !== 3 || shape[isFirst ? 0 : 2] !== channels) {
    const wanted = isFirst ? `[${channels}, height, width]` : `[height, width, ${channels}]`;
    throw new ConfigurationError(
      `layout: ${layout} and ${encoding} make a shape ${wanted}, but the policy's is [${shape.join(", ")}]`,
    );
  }
  const [height, width] = isFirst ? shape.slice(1) : shape;
  const stride = isFirst
    ? { row: width, column: 1, channel: width * height }
    : { row: width * channels, column: channels, channel: 1 };
  return { encoding, width, height, channels, stride };
}

/**
 * The values of a picture of 8 bit channels.
 *
 * @param step bytes from one row to the next.
 * @param isSwapped whether the bytes have red and blue the other way round.
 */
export function unpackBytes(
  { width, height, channels, stride }: Picture,
  bytes: Uint8Array,
  step: number,
  isSwapped: boolean,
  { scale, offset }: Scaling,
): Float64Array {
  const values = new Float64Array(width * height * channels);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const from = row * step + column * channels;
      const to = row * stride.row + column * stride.column;
      for (let channel = 0; channel < channels; channel++) {
        const byte = bytes[from + (isSwapped ? channels - 1 - channel : channel)];
        values[to + channel * stride.channel] = byte * scale + offset;
      }
    }
  }
  return values;
}
