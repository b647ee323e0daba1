const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/** A line of text at the top of a frame. The white outline keeps it readable whatever is behind. */
export function caption(text: string): string {
  const style =
    'font-family="DejaVu Sans, Verdana, Arial, sans-serif" font-size="22" fill="#212529" stroke="#fff" stroke-width="4" stroke-linejoin="round" paint-order="stroke"';
  return `<text x="16" y="35" ${style}>${escapeXml(text)}</text>`;
}

/** A hundredth of a pixel is finer than anyone sees. */
export function short(value: number): string {
  return String(Math.round(value * 100) / 100);
}

/** Also drops the control characters that XML cannot hold at all. */
function escapeXml(text: string): string {
  return text.replace(/\p{Cc}/gu, " ").replace(/[&<>]/g, (character) => ENTITIES[character]);
}
