// A REQ socket puts an empty frame before its message and wants it back, so a peer's name says which kind it is.
const REQ_SUFFIX = ":req";

/** Splits what a ROUTER received into the name of its sender and the message; undefined if it is not one frame. */
export function openEnvelope(
  routingId: Buffer,
  frames: Buffer[],
): { peer: string; payload: Buffer | undefined } {
  const hex = routingId.toString("hex");
  const isReq = frames.length > 1 && frames[0].length === 0;
  const body = isReq ? frames.slice(1) : frames;
  return { peer: isReq ? hex + REQ_SUFFIX : hex, payload: body.length === 1 ? body[0] : undefined };
}

/** The frames that a ROUTER puts before a message to `peer`. */
export function sealEnvelope(peer: string): Buffer[] {
  if (!peer.endsWith(REQ_SUFFIX)) return [Buffer.from(peer, "hex")];
  return [Buffer.from(peer.slice(0, -REQ_SUFFIX.length), "hex"), Buffer.alloc(0)];
}
