import { ConfigurationError } from "../../policy/errors.js";
import type { Scaling } from "../scaling.js";
import { bytesOf, fieldOf, refused, show, stampOf } from "./message.js";
import { type Picture, unpackBytes } from "./pixels.js";
import type { Reader, Reading } from "./reader.js";

/**
 * Reads JPEG, PNG and WebP images of the wanted size, decoded on threads of their own. Colour is not made grey, nor grey
 * coloured; a file cut short is refused.
 *
 * @throws ConfigurationError for 32FC1: compressed depth has a format of its own.
 */
export async function compressedImageReader(picture: Picture, scaling: Scaling): Promise<Reader> {
  if (picture.encoding === "32FC1") {
    throw new ConfigurationError("encoding: 32FC1 does not come compressed; bind a sensor_msgs/msg/Image");
  }
  // Loaded only here: most policies see no compressed images.
  const { default: sharp } = await import("sharp");
  const { width, height, channels, encoding } = picture;

  const decode = async (
    bytes: Uint8Array,
    stamp: Extract<Reading, { ok: true }>["stamp"],
  ): Promise<Reading> => {
    try {
      const file = sharp(bytes);
      const { width: columns, height: rows, space, depth } = await file.metadata();
      // Before the pixels: a picture of another size may be a very large one.
      if (columns !== width || rows !== height) {
        return refused(`the image is ${columns} × ${rows} pixels, but the policy wants ${width} × ${height}`);
      }
      if (depth !== "uchar" || space !== (channels === 1 ? "b-w" : "srgb")) {
        return refused(`the image is ${space} of depth ${depth}; ${encoding} is wanted`);
      }
      const pixels = await file
        .removeAlpha()
        .toColourspace(channels === 1 ? "b-w" : "srgb")
        .raw()
        .toBuffer();
      const values = unpackBytes(picture, pixels, width * channels, encoding === "bgr8", scaling);
      return { ok: true, values, stamp };
    } catch (error) {
      return refused(`data is no image that can be read: ${(error as Error).message}`);
    }
  };

  return {
    type: "sensor_msgs/msg/CompressedImage",
    read(message) {
      const header = stampOf(message);
      if ("ok" in header) return header;
      const data = fieldOf(message, "data");
      const bytes = bytesOf(data);
      if (!bytes) return refused(`data is ${show(data)} where bytes are wanted`);
      return decode(bytes, header.stamp);
    },
  };
}
