import type { RosGraph, RosPublisher } from "../graph.js";
import type { Command, Writer } from "../write/writer.js";
import type { ActionOutput } from "./topics.js";

/** One topic that actions go out on. */
export class CommandOutlet {
  readonly topic: string;
  published = 0;
  readonly #writer: Writer;
  readonly #publisher: RosPublisher;

  constructor(graph: RosGraph, { topic, qos, writer }: ActionOutput) {
    this.#writer = writer;
    this.#publisher = graph.publisher(writer.type, topic, qos);
    this.topic = this.#publisher.topic;
  }

  /** What went wrong, if anything: the loop that acts must hear of it as a value. */
  publish(command: Command): string | undefined {
    try {
      this.#publisher.publish(this.#writer.write(command));
      this.published += 1;
      return undefined;
    } catch (error) {
      return `an action could not be published: ${(error as Error).message}`;
    }
  }

  close(): void {
    this.#publisher.close();
  }
}
