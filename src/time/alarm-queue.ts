export interface Alarm {
  readonly at: number;
  /** Counts the alarms as they are set. */
  readonly order: number;
  readonly ring: () => void;
}

/** Alarms that have not rung, by their moment and then in the order in which they were set. */
export class AlarmQueue {
  readonly #alarms: Alarm[] = [];
  #set = 0;

  /** Moment of the earliest alarm; Infinity when there is none. */
  get earliest(): number {
    return this.#alarms.length === 0 ? Number.POSITIVE_INFINITY : this.#alarms[0].at;
  }

  /** How many were ever set. */
  get set(): number {
    return this.#set;
  }

  /**
   * @param at milliseconds; Infinity never falls due.
   * @throws RangeError when `at` is not a number.
   */
  add(at: number, ring: () => void): Alarm {
    if (Number.isNaN(at)) throw new RangeError("an alarm was set for NaN ms; it needs a moment of its clock");
    const alarm = { at, order: this.#set++, ring };
    this.#alarms.splice(this.#position(alarm), 0, alarm);
    return alarm;
  }

  remove(alarm: Alarm): void {
    const position = this.#position(alarm);
    if (this.#alarms[position] === alarm) this.#alarms.splice(position, 1);
  }

  /** Takes out the first alarm due by `now` among the `before` first set. */
  takeDue(now: number, before = Number.POSITIVE_INFINITY): Alarm | undefined {
    const position = this.#alarms.findIndex((alarm) => alarm.at > now || alarm.order < before);
    if (position < 0 || this.#alarms[position].at > now) return undefined;
    return this.#alarms.splice(position, 1)[0];
  }

  clear(): void {
    this.#alarms.length = 0;
  }

  #position({ at, order }: Alarm): number {
    let low = 0;
    let high = this.#alarms.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#alarms[middle];
      if (other.at < at || (other.at === at && other.order < order)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
