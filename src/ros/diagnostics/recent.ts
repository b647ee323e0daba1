/** What has happened within a window of time, oldest first. */
export class Recent<T> {
  readonly #windowMs: number;
  #entries: { readonly at: number; readonly value: T }[] = [];
  /** Entries at the front that are too old, and not yet dropped. */
  #old = 0;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  add(at: number, value: T): void {
    this.#entries.push({ at, value });
    this.#age(at);
  }

  /** @param withinMs not longer than the window. */
  values(now: number, withinMs = this.#windowMs): T[] {
    this.#age(now);
    return this.#entries
      .slice(this.#old)
      .filter(({ at }) => at > now - withinMs)
      .map(({ value }) => value);
  }

  clear(): void {
    this.#entries = [];
    this.#old = 0;
  }

  #age(now: number): void {
    while (this.#old < this.#entries.length && this.#entries[this.#old].at <= now - this.#windowMs) {
      this.#old += 1;
    }
    // Dropped by the half, because dropping one moves all others.
    if (this.#old <= this.#entries.length / 2) return;
    this.#entries = this.#entries.slice(this.#old);
    this.#old = 0;
  }
}
