/** Non-interactive terminals get a line this often instead of one that rewrites itself. */
const PLAIN_INTERVAL_MS = 2000;
const REDRAW_INTERVAL_MS = 50;

/**
 * One line on standard error that says what is going on now; standard output stays free for results.
 *
 * @example
 * const status = new StatusLine();
 * status.show("episode 1/3  step 40");
 * status.end();
 */
export class StatusLine {
  readonly #out = process.stderr;
  readonly #write: (text: string) => void;
  #shownAt = Number.NEGATIVE_INFINITY;
  #open = false;

  /** @param write to standard error, unless told to another way. */
  constructor(write: (text: string) => void = (text) => void process.stderr.write(text)) {
    this.#write = write;
  }

  show(text: string): void {
    const now = performance.now();
    const interval = this.#out.isTTY ? REDRAW_INTERVAL_MS : PLAIN_INTERVAL_MS;
    if (now - this.#shownAt < interval) return;
    this.#shownAt = now;
    if (this.#out.isTTY) {
      this.#write(`\r\x1b[2K${text.slice(0, (this.#out.columns ?? 80) - 1)}`);
      this.#open = true;
    } else this.#write(`${text}\n`);
  }

  /** A line that stays. */
  note(text: string): void {
    this.end();
    this.#write(`${text}\n`);
  }

  end(): void {
    if (this.#open) this.#write("\r\x1b[2K");
    this.#open = false;
    this.#shownAt = Number.NEGATIVE_INFINITY;
  }
}

/** The one JSON object of a `--json` run. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

/** Rows of text in aligned columns; the first row is the heading. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map((row) =>
      row.map((cell, k) => (k === 0 ? cell.padEnd(widths[k]) : cell.padStart(widths[k]))).join("  "),
    )
    .join("\n");
}
