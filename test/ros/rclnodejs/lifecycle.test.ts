import { describe, expect, it } from "vitest";
import { Lifecycle, type LifecycleSteps, type Transition } from "../../../src/ros/rclnodejs/lifecycle.js";
import type { Rcl, RclLifecycleNode, RclResponse, RclState } from "../../../src/ros/rclnodejs/rcl.js";

const SUCCESS = 97;
const FAILURE = 98;
const ERROR = 99;
const codes = { lifecycle: { CallbackReturnCode: { SUCCESS, FAILURE, ERROR } } } as unknown as Rcl;
const states = ["unknown", "unconfigured", "inactive", "active", "finalized"];
/** [where it ends well, where a failure leads] */
const ends: Record<Transition, readonly [string, string]> = {
  configure: ["inactive", "unconfigured"],
  activate: ["active", "inactive"],
  deactivate: ["inactive", "active"],
  cleanup: ["unconfigured", "inactive"],
  shutdown: ["finalized", "finalized"],
};

/** The synchronous state machine of rclnodejs. */
class FakeNode {
  currentState: RclState = { id: 1, label: "unconfigured" };
  readonly #callbacks = new Map<string, () => number>();
  registerOnConfigure = (step: () => number) => void this.#callbacks.set("configure", step);
  registerOnActivate = (step: () => number) => void this.#callbacks.set("activate", step);
  registerOnDeactivate = (step: () => number) => void this.#callbacks.set("deactivate", step);
  registerOnCleanup = (step: () => number) => void this.#callbacks.set("cleanup", step);
  registerOnShutdown = (step: () => number) => void this.#callbacks.set("shutdown", step);
  registerOnError = (step: () => number) => void this.#callbacks.set("error", step);
  configure = () => this.#change("configure");
  activate = () => this.#change("activate");
  deactivate = () => this.#change("deactivate");
  cleanup = () => this.#change("cleanup");
  shutdown = () => this.#change("shutdown");

  #change(transition: Transition): RclState {
    const code = this.#callbacks.get(transition)?.();
    const [good, failed] = ends[transition];
    const recovered = () => (this.#callbacks.get("error")?.() === SUCCESS ? "unconfigured" : "finalized");
    const label = code === SUCCESS ? good : code === FAILURE ? failed : recovered();
    this.currentState = { id: states.indexOf(label), label };
    return this.currentState;
  }
}

function setUp(failing: readonly string[] = []) {
  const ran: string[] = [];
  const logged: string[] = [];
  const step = (name: string) => async () => {
    ran.push(name);
    if (failing.includes(name)) throw new Error(`no ${name}`);
  };
  const names = ["configure", "activate", "deactivate", "cleanup", "shutdown", "recover"];
  const steps = Object.fromEntries(names.map((name) => [name, step(name)])) as unknown as LifecycleSteps;
  const node = new FakeNode();
  const wired = node as unknown as RclLifecycleNode;
  const lifecycle = new Lifecycle(codes, wired, (text) => logged.push(text), steps);
  const request = (id: number, label = "") =>
    new Promise((resolve) =>
      wired._onChangeState({ transition: { id, label } }, { send: resolve } as unknown as RclResponse),
    );
  return { lifecycle, node, ran, logged, request };
}

describe("a transition", () => {
  it.each([
    [["configure"], ["configure"], "unconfigured"],
    [["configure", "activate"], ["activate"], "inactive"],
    [["configure", "activate", "deactivate"], ["deactivate"], "unconfigured"],
    [["configure", "activate", "deactivate"], ["deactivate", "recover"], "finalized"],
    [["configure", "cleanup"], ["cleanup"], "unconfigured"],
    [["configure", "cleanup"], ["cleanup", "recover"], "finalized"],
    [["configure", "shutdown"], ["shutdown"], "finalized"],
  ] as const)("after %j, with %j failing, leaves the node %s", async (transitions, failing, state) => {
    const { lifecycle, node, logged } = setUp(failing);
    for (const each of transitions.slice(0, -1))
      expect(await lifecycle.change(each)).toEqual({ ok: true, reason: "" });
    const last = transitions.at(-1) as Transition;
    const { ok, reason } = await lifecycle.change(last);
    expect(ok).toBe(false);
    expect(reason).toContain(`${last} failed: no ${last}`);
    expect(logged).toEqual([reason]);
    expect(lifecycle.state).toBe(state);
    expect(node.currentState.label).toBe(state);
  });

  it("is refused where the state does not have it, without running its step", async () => {
    const { lifecycle, ran } = setUp();
    expect((await lifecycle.change("activate")).reason).toBe(
      "activate refused: the node is unconfigured, from where it can configure or shutdown",
    );
    await lifecycle.change("shutdown");
    expect((await lifecycle.change("configure")).reason).toContain("go nowhere");
    expect(ran).toEqual(["shutdown"]);
  });

  it("is refused while another is under way", async () => {
    const { lifecycle } = setUp();
    const first = lifecycle.change("configure");
    expect(lifecycle.state).toBe("configuring");
    expect((await lifecycle.change("shutdown")).reason).toBe("shutdown refused: the node is configuring");
    expect((await first).ok).toBe(true);
    expect(lifecycle.state).toBe("inactive");
  });

  it("can be asked for by id and by label, and every request is answered", async () => {
    const { lifecycle, request, logged } = setUp();
    for (const [id, label] of [
      [99, ""],
      [3, ""],
      [6, ""],
      [0, "constructor"],
    ] as const)
      expect(await request(id, label)).toEqual({ success: false });
    expect(logged).toHaveLength(4);
    expect(await request(1)).toEqual({ success: true });
    expect(await request(0, "activate")).toEqual({ success: true });
    expect(await request(7)).toEqual({ success: true });
    expect(lifecycle.state).toBe("finalized");
  });
});
