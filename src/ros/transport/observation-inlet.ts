import { width } from "../../policy/manifest.js";
import type { RosGraph, RosSubscription } from "../graph.js";
import type { Reading } from "../read/reader.js";
import type { Stamp } from "../stamp.js";
import { ArrivalRate } from "./arrival-rate.js";
import { type Arrival, Intake } from "./intake.js";
import type { ObservationInput } from "./topics.js";

/** What the policy takes of one observation. */
interface Wanted {
  readonly shape: readonly number[];
  readonly unit: string;
}

/** What an inlet does with its readings. */
export interface InletHandlers {
  /** Now, on the loop's clock and in ROS time. */
  arrival(): Arrival;
  sound(values: Float64Array, stamp: Stamp | undefined, arrival: Arrival): void;
  unsound(problem: string): void;
}

/** One topic that an observation comes in on: lets through only values that the policy can take. */
export class ObservationInlet {
  readonly name: string;
  readonly topic: string;
  /** Required; 0: once. */
  readonly rateHz: number;
  /** Messages that came, whatever was in them. */
  count = 0;
  readonly #rate = new ArrivalRate();
  readonly #wanted: Wanted;
  readonly #intake: Intake;
  readonly #subscription: RosSubscription;

  constructor(graph: RosGraph, input: ObservationInput, wanted: Wanted, handlers: InletHandlers) {
    const { name, topic, qos, rateHz, reader } = input;
    this.name = name;
    this.rateHz = rateHz;
    this.#wanted = wanted;
    this.#intake = new Intake(reader, (reading, arrival) => {
      const problem = this.#problem(reading);
      try {
        if (problem !== undefined) handlers.unsound(problem);
        else if (reading.ok) handlers.sound(reading.values, reading.stamp, arrival);
      } catch (error) {
        // Of a reading that took its time nobody else would catch it, and the process would end.
        handlers.unsound(`could not be taken in: ${(error as Error).message}`);
      }
    });
    this.#subscription = graph.subscription(reader.type, topic, qos, (message) => {
      const arrival = handlers.arrival();
      this.count += 1;
      this.#rate.arrived(arrival.rosMs);
      this.#intake.take(message, arrival);
    });
    this.topic = this.#subscription.topic;
  }

  measuredHz(rosMs: number): number {
    return this.#rate.hz(rosMs);
  }

  get dropped(): number {
    return this.#intake.dropped;
  }

  /** What is still being decoded is of no interest any more. */
  forget(): void {
    this.#intake.forget();
  }

  close(): void {
    this.forget();
    this.#subscription.close();
  }

  #problem(reading: Reading): string | undefined {
    if (!reading.ok) return reading.problem;
    const { values } = reading;
    const { shape, unit } = this.#wanted;
    if (values.length !== width(shape)) {
      return `has ${values.length} values; the policy takes ${width(shape)} (${unit})`;
    }
    const bad = values.findIndex((value) => !Number.isFinite(value));
    return bad < 0 ? undefined : `value ${bad} is ${values[bad]}; check the sensor`;
  }
}
