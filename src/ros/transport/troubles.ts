/** A trouble is over when nothing of it has been seen for so long. */
const OVER_MS = 1000;

/** Kinds of trouble told of one subject before it is fine again. */
const MOST_KINDS = 8;

/** Something that goes wrong again and again, told when it begins and when it is over. */
export interface News {
  readonly text: string;
  readonly isOver: boolean;
}

interface Trouble {
  readonly kinds: Set<string>;
  text: string;
  count: number;
  lastMs: number;
}

/**
 * What is wrong at present, by subject. A sensor that sends nonsense a thousand times a second is told of once, and once
 * more when it is fine again.
 *
 * @example
 * const troubles = new Troubles((news) => console.log(news.text));
 * troubles.seen("position (/joint_states)", "stale: 0.83 s old, 0.20 s allowed", clock.now());
 * troubles.fine("position (/joint_states)", clock.now());
 */
export class Troubles {
  readonly #tell: (news: News) => void;
  readonly #bySubject = new Map<string, Trouble>();

  constructor(tell: (news: News) => void) {
    this.#tell = tell;
  }

  /** @param nowMs monotonic. */
  seen(subject: string, text: string, nowMs: number): void {
    const known = this.#bySubject.get(subject);
    const trouble = known ?? { kinds: new Set<string>(), text, count: 0, lastMs: nowMs };
    if (!known) this.#bySubject.set(subject, trouble);
    trouble.text = text;
    trouble.count += 1;
    trouble.lastMs = nowMs;
    // The numbers differ from message to message.
    const kind = text.replace(/\d+(\.\d+)?/g, "#");
    if (trouble.kinds.has(kind) || trouble.kinds.size >= MOST_KINDS) return;
    trouble.kinds.add(kind);
    this.#tell({ text: `${subject}: ${text}`, isOver: false });
  }

  /** Something of this subject went well. */
  fine(subject: string, nowMs: number): void {
    const trouble = this.#bySubject.get(subject);
    if (!trouble || nowMs - trouble.lastMs < OVER_MS) return;
    this.#bySubject.delete(subject);
    const messages = trouble.count === 1 ? "1 message" : `${trouble.count} messages`;
    this.#tell({ text: `${subject}: fine again after ${messages}: ${trouble.text}`, isOver: true });
  }

  /** What is wrong with a subject, as last seen. */
  of(subject: string): string | undefined {
    return this.#bySubject.get(subject)?.text;
  }
}
