import type { ServerResponse } from "node:http";

/** Answers a request with a whole body, which no other site may embed and no cache may keep. */
export function reply(
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string,
): void {
  response.writeHead(status, {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    ...headers,
  });
  response.end(body);
}

/** Answers a request with a reason, as text. */
export function refuse(response: ServerResponse, status: number, message: string): void {
  reply(response, status, { "Content-Type": "text/plain; charset=utf-8" }, `${message}\n`);
}
