/**
 * Why bytes are not a message:
 * - `oversized`, `too-deep`, `too-many-values`: beyond the limits;
 * - `truncated`, `trailing`: the bytes end too early, or go on after the message;
 * - `unsupported`: a msgpack type this wire does not carry (extensions, raw binary);
 * - `bad-key`: a map key that is not a string;
 * - `bad-array`: an ndarray map with wrong fields, or data that does not fill its shape;
 * - `bad-dtype`: an element type this wire does not carry;
 * - `integer-range`: an integer that JavaScript cannot hold exactly.
 */
export type DecodeReason =
  | "oversized"
  | "too-deep"
  | "too-many-values"
  | "truncated"
  | "trailing"
  | "unsupported"
  | "bad-key"
  | "bad-array"
  | "bad-dtype"
  | "integer-range";

/**
 * Carries a refusal out of nested decoding; `decode` turns it into a value, so no caller ever sees it thrown. No `Error`:
 * the stack that nobody would read costs more than all the rest of a refusal, which counts when they come in floods.
 */
export class DecodeError {
  readonly reason: DecodeReason;
  readonly message: string;

  constructor(reason: DecodeReason, message: string) {
    this.reason = reason;
    this.message = message;
  }
}
