import { resolve } from "node:path";
import { checkLaunch, type Launch, type LaunchDocument } from "../../launch/launch.js";
import type { RosSection } from "../../launch/ros-section.js";
import type { LoopEvent } from "../../telemetry/loop-event.js";
import type { ParameterValue, RosGraph, RosService } from "../graph.js";
import type { LifecycleState } from "../health.js";
import type { ChangeCheck } from "../parameters/change.js";
import { flatten, unflatten } from "../parameters/flatten.js";
import type { LifecycleSteps } from "../rclnodejs/lifecycle.js";
import { ChunkTopic } from "./chunk-topic.js";
import { LoadedPolicy } from "./loaded-policy.js";
import { NodeReport } from "./node-report.js";

export interface PolicyNodeOptions {
  readonly graph: RosGraph;
  /** The launch file; parameters override what it says. */
  readonly document: LaunchDocument;
  /** The launch file's: where a relative path to a policy begins. */
  readonly folder: string;
  readonly checkChange: ChangeCheck;
  /** Begins to log, record and show what the policy does; ends that with the function that it gives back. */
  readonly attach?: (
    policy: LoadedPolicy,
    launch: Launch,
    watchers: Set<(event: LoopEvent) => void>,
  ) => Promise<() => Promise<void>>;
}

/**
 * The policy as a managed ROS 2 node: what it does in each transition of its life cycle, and its parameters.
 *
 * @example
 * const { document } = await readLaunch("launch/pusht.yaml");
 * const node = new PolicyNode({ graph: session.graph, document, folder: "launch", checkChange: await changeCheck() });
 * const lifecycle = session.lifecycle(node);
 * await lifecycle.change("configure");
 */
export class PolicyNode implements LifecycleSteps {
  readonly #options: PolicyNodeOptions;
  readonly #report: NodeReport;
  readonly #reset: RosService;
  readonly #watchers = new Set<(event: LoopEvent) => void>();
  #document: LaunchDocument;
  #state: LifecycleState = "unconfigured";
  #isConfiguring = false;
  #policy: LoadedPolicy | undefined;
  #chunk: ChunkTopic | undefined;
  #detach: () => Promise<void> = async () => {};

  /** @throws ConfigurationError when a parameter cannot be what it was set to at the start. */
  constructor(options: PolicyNodeOptions) {
    const { graph, document } = options;
    this.#options = options;
    this.#document = unflatten(document, graph.parameters.declare(flatten(document)));
    graph.parameters.guard((changes) => this.#change(changes));
    this.#report = new NodeReport(graph);
    this.#watchers.add((event) => this.#report.watch(event));
    this.#reset = graph.service("std_srvs/srv/Trigger", "~/reset", () => this.#forget());
  }

  async configure(): Promise<void> {
    this.#isConfiguring = true;
    try {
      await this.#step("inactive", () => this.#load());
    } finally {
      this.#isConfiguring = false;
    }
  }

  async activate(): Promise<void> {
    await this.#step("active", async () => this.#policy?.resume());
  }

  async deactivate(): Promise<void> {
    await this.#step("inactive", () => this.#stop("the node was deactivated"));
  }

  async cleanup(): Promise<void> {
    await this.#step("unconfigured", () => this.#unload());
  }

  async shutdown(): Promise<void> {
    if (this.#state === "active") await this.#stop("the node is shutting down");
    await this.#step("finalized", () => this.#unload());
  }

  async recover(): Promise<void> {
    await this.#step("unconfigured", () => this.#unload());
  }

  /** Leaves the graph; after {@link shutdown}. */
  close(): void {
    this.#reset.close();
    this.#report.close();
  }

  async #load(): Promise<void> {
    const { graph, folder, attach } = this.#options;
    const checked = await checkLaunch(this.#document, "the launch file with its parameters");
    const launch = { ...checked, policy: resolve(folder, checked.policy) };
    const policy = await LoadedPolicy.load({
      graph,
      launch,
      watch: (event) => {
        for (const watch of this.#watchers) watch(event);
      },
      tell: ({ text, isOver }) => graph.log(isOver ? "info" : "warn", text),
      onCommand: (command) => this.#chunk?.show(command),
    });
    this.#policy = policy;
    this.#chunk = await ChunkTopic.open(graph, launch.ros as RosSection, policy.bundle.manifest);
    if (attach) this.#detach = await attach(policy, launch, this.#watchers);
    this.#report.loaded(policy);
  }

  async #step(state: LifecycleState, act: () => Promise<void>): Promise<void> {
    try {
      await act();
      this.#state = state;
      this.#report.lifecycle(state);
    } catch (error) {
      if (this.#state === "unconfigured") await this.#unload();
      this.#report.lifecycle(this.#state, (error as Error).message);
      throw error;
    }
  }

  /** A controlled stop: told to the robot until it stands, and then nothing more. */
  async #stop(why: string): Promise<void> {
    const policy = this.#policy;
    if (!policy) return;
    await policy.halt(why);
    policy.pause();
  }

  async #unload(): Promise<void> {
    const policy = this.#policy;
    const detach = this.#detach;
    this.#policy = undefined;
    this.#report.unloaded();
    this.#detach = async () => {};
    this.#chunk?.close();
    this.#chunk = undefined;
    await policy?.close();
    await detach();
  }

  #forget(): { readonly success: boolean; readonly message: string } {
    if (this.#state !== "active" || !this.#policy)
      return { success: false, message: `the node is ${this.#state}: there is no plan to forget` };
    this.#policy.begin();
    return { success: true, message: "a new episode begins with the next observation" };
  }

  /** Why parameters cannot be changed like that; undefined when they are. */
  #change(changes: ReadonlyMap<string, ParameterValue>): string | undefined {
    if (this.#isConfiguring) return "the node is being configured; try again when it is inactive";
    const policy = this.#policy;
    if (policy && changes.has("use_sim_time"))
      return "use_sim_time is read when the node is configured: clean it up first (ros2 lifecycle set … cleanup)";
    const running = policy && {
      manifest: policy.bundle.manifest,
      isCalibrated: policy.bundle.calibration !== undefined,
    };
    const change = this.#options.checkChange(this.#document, changes, running);
    if (!change.ok) return change.reason;
    try {
      policy?.adjust(change.launch);
    } catch (error) {
      return (error as Error).message;
    }
    this.#document = change.document;
    this.#report.adjusted();
    return undefined;
  }
}
