import { expect, test } from "vitest";
import { type JointInference, Rendezvous } from "../../../src/inference/joint/rendezvous.js";
import { solverSettingsSchema } from "../../../src/inference/settings.js";
import {
  type FailedTick,
  NO_TIME,
  type Solve,
  type TickRequest,
  type TickResult,
} from "../../../src/inference/tick.js";
import { jointManifest } from "../../policy/manifests.js";

/** Settles what it is asked when it is told to. */
class Host implements JointInference {
  readonly manifest = jointManifest();
  readonly settings = solverSettingsSchema.parse({});
  readonly runtime = { provider: "cpu", threads: 1, spin: false } as const;
  readonly batches: string[][] = [];
  readonly stopped: string[] = [];
  readonly forgotten: string[] = [];
  #settle: (() => void)[] = [];
  isClosed = false;

  solve(request: TickRequest): Solve {
    return this.solveTogether([request])[0];
  }

  solveTogether(requests: readonly TickRequest[]): readonly Solve[] {
    this.batches.push(requests.map(({ session, tick }) => `${session}${tick}`));
    return requests.map(({ session, tick }) => ({
      done: new Promise((resolve) => this.#settle.push(() => resolve(failure(`${session}${tick}`)))),
      candidate: () => undefined,
      stop: () => this.stopped.push(`${session}${tick}`),
    }));
  }

  answer(): void {
    for (const settle of this.#settle.splice(0)) settle();
  }

  adjust(): void {}

  forget(session: string): void {
    this.forgotten.push(session);
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }
}

function failure(message: string): FailedTick {
  return { outcome: "stopped", message, residual: 0, sweeps: 0, evaluations: 0, timings: NO_TIME };
}

const request = (session: string, tick: number, episode = session.charCodeAt(0)): TickRequest => ({
  session,
  episode,
  tick,
  executed: null,
  observation: new Float64Array(),
});

const messageOf = async ({ done }: Solve) => ((await done) as TickResult & FailedTick).message;

function meeting(robots: number) {
  const host = new Host();
  const rendezvous = new Rendezvous(host);
  for (let k = 0; k < robots; k++) rendezvous.join();
  return { host, rendezvous };
}

test("a request waits until every robot has made one, and then they are solved together", async () => {
  const { host, rendezvous } = meeting(3);
  const solves = [rendezvous.solve(request("a", 0)), rendezvous.solve(request("b", 0))];
  expect(host.batches).toEqual([]);
  solves.push(rendezvous.solve(request("c", 0)));
  expect(host.batches).toEqual([["a0", "b0", "c0"]]);
  host.answer();
  expect(await Promise.all(solves.map(messageOf))).toEqual(["a0", "b0", "c0"]);
});

test("the order is that of the episodes, whichever robot plays them and whoever asks first", () => {
  const { host, rendezvous } = meeting(3);
  rendezvous.solve(request("c", 0, 7));
  rendezvous.solve(request("a", 0, 9));
  rendezvous.solve(request("b", 0, 8));
  expect(host.batches).toEqual([["c0", "b0", "a0"]]);
});

test("one that makes another request before the others have made theirs is not solved twice at a time", () => {
  const { host, rendezvous } = meeting(2);
  rendezvous.solve(request("a", 0));
  rendezvous.solve(request("a", 1));
  expect(host.batches).toEqual([]);
  rendezvous.solve(request("b", 0));
  expect(host.batches).toEqual([["a0", "b0"]]);
  rendezvous.solve(request("b", 1));
  expect(host.batches).toEqual([
    ["a0", "b0"],
    ["a1", "b1"],
  ]);
});

test("one that leaves is not waited for", () => {
  const { host, rendezvous } = meeting(3);
  rendezvous.solve(request("a", 0));
  rendezvous.solve(request("b", 0));
  rendezvous.leave();
  expect(host.batches).toEqual([["a0", "b0"]]);
  rendezvous.leave();
  rendezvous.solve(request("a", 1));
  expect(host.batches).toHaveLength(2);
  rendezvous.leave();
  expect(host.batches).toHaveLength(2);
});

test("what is stopped while it waits is begun and stopped, so that its session loses no count of steps", () => {
  const { host, rendezvous } = meeting(2);
  const solve = rendezvous.solve(request("a", 0));
  solve.stop();
  expect(solve.candidate()).toBeUndefined();
  rendezvous.solve(request("b", 0)).stop();
  expect(host.batches).toEqual([["a0", "b0"]]);
  expect(host.stopped).toEqual(["a0", "b0"]);
});

test("what waits when it is closed is settled", async () => {
  const { host, rendezvous } = meeting(2);
  const solve = rendezvous.solve(request("a", 0));
  await rendezvous.close();
  expect(await messageOf(solve)).toBe("the inference host is closed");
  expect(host.isClosed).toBe(true);
});
