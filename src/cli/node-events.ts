import { ConfigurationError } from "../policy/errors.js";
import type { LoopEvent } from "../telemetry/loop-event.js";

/** What a node that runs with `--view` says of itself. */
export interface NodeDescription {
  readonly name: string;
  readonly task: string;
  readonly action: readonly { readonly name: string; readonly min: number; readonly max: number }[];
  readonly budgets: { readonly tickMs: number; readonly solveMs: number | null };
  readonly settings: readonly (readonly [label: string, value: string])[];
}

/**
 * Follows a running node through its live page's stream of events, until `watch` says that it has seen enough, or the
 * node goes away.
 *
 * @throws ConfigurationError when there is no such node.
 */
export async function followNode(
  address: string,
  greet: (description: NodeDescription) => void,
  watch: (event: LoopEvent) => "more" | "enough",
): Promise<"enough" | "gone"> {
  const aborted = new AbortController();
  const url = `${address.replace(/\/$/, "")}/events?all=1`;
  const refused = (why: string) =>
    new ConfigurationError(`cannot follow the node at ${url}: ${why}; start it with parapilot run --view`);
  let response: Response;
  try {
    response = await fetch(url, { signal: aborted.signal });
  } catch (error) {
    throw refused(((error as Error).cause as Error | undefined)?.message ?? (error as Error).message);
  }
  if (!response.ok || !response.body) throw refused(`it answers ${response.status} ${response.statusText}`);
  try {
    for await (const { name, data } of messages(response.body)) {
      if (name === "hello") greet(JSON.parse(data) as NodeDescription);
      else if (name === "message" && watch(JSON.parse(data) as LoopEvent) === "enough") return "enough";
    }
  } catch (error) {
    // How a connection breaks is no news; what the message says might be.
    if (!(error instanceof TypeError)) throw error;
  } finally {
    aborted.abort();
  }
  return "gone";
}

interface ServerMessage {
  readonly name: string;
  readonly data: string;
}

/** Server-Sent Events, https://html.spec.whatwg.org/multipage/server-sent-events.html. */
async function* messages(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerMessage> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of body) {
    rest += decoder.decode(bytes, { stream: true });
    const parts = rest.split("\n\n");
    rest = parts.pop() ?? "";
    for (const part of parts) {
      const fields = part.split("\n").map((line) => /^(\w*): ?(.*)$/.exec(line) ?? ["", "", ""]);
      const data = fields.flatMap(([, field, value]) => (field === "data" ? [value] : []));
      const name = fields.find(([, field]) => field === "event")?.[2] ?? "message";
      if (data.length > 0) yield { name, data: data.join("\n") };
    }
  }
}
