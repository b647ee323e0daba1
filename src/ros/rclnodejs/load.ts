import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { isMainThread } from "node:worker_threads";
import { ConfigurationError } from "../../policy/errors.js";
import { type RosEnvironment, rosEnvironment } from "./environment.js";
import { RclGraph } from "./graph.js";
import { Lifecycle, type LifecycleSteps } from "./lifecycle.js";
import { openNode } from "./node.js";
import { parameterOverrides } from "./overrides.js";
import type { Rcl, RclLifecycleNode, RclNode } from "./rcl.js";

/** How long the thread that waits for the middleware may keep this one from adding a subscription, ms. */
const SPIN_MS = 10;

/** The one ROS 2 node of this process. */
export class RosSession {
  readonly graph: RclGraph;
  readonly #rcl: Rcl;
  readonly #node: RclNode;

  private constructor(rcl: Rcl, node: RclNode, graph: RclGraph) {
    this.#rcl = rcl;
    this.#node = node;
    this.graph = graph;
  }

  /**
   * @param name unless the arguments remap it.
   * @param args of the command line, `--ros-args` among them.
   * @param isManaged whether it is a lifecycle node.
   * @throws ConfigurationError when ROS 2 cannot be used here, or the arguments are wrong.
   * @example
   * const session = await RosSession.open("parapilot", process.argv.slice(2), true);
   * session.graph.subscription("sensor_msgs/msg/JointState", "joint_states", SENSOR_QOS, listen);
   * session.spin();
   */
  static async open(name: string, args: readonly string[], isManaged = false): Promise<RosSession> {
    const rcl = await loadRclnodejs();
    try {
      await rcl.init(undefined, [name, ...args]);
    } catch (error) {
      throw new ConfigurationError(
        `ROS 2 does not start with ${args.join(" ")}: ${(error as Error).message}`,
      );
    }
    try {
      const Base = isManaged ? rcl.lifecycle.LifecycleNode : rcl.Node;
      const opened = openNode(rcl, Base, name, (names) =>
        parameterOverrides(args, names, (path) => readFileSync(path, "utf8")),
      );
      return new RosSession(rcl, opened.node, new RclGraph(rcl, opened));
    } catch (error) {
      rcl.shutdown();
      throw error;
    }
  }

  /** Of a node opened as managed; once. */
  lifecycle(steps: LifecycleSteps): Lifecycle {
    return new Lifecycle(
      this.#rcl,
      this.#node as RclLifecycleNode,
      (text) => this.graph.log("error", text),
      steps,
    );
  }

  /** Begins to receive. From here on the process lives until {@link close}. */
  spin(): void {
    for (const name of this.graph.parameters.unknown)
      this.graph.log("warn", `there is no parameter ${name}; it was set for nothing`);
    this.#node.spin(SPIN_MS);
  }

  /** The node leaves the graph, and the process may end. */
  async close(): Promise<void> {
    // Not inside of a callback of rclnodejs, which waits here for the end of that callback; and not inside of an immediate,
    // since its shutdown runs the event loop (src/executor.cpp, Stop), and immediates that run immediates never end.
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.graph.close();
    this.#rcl.shutdown();
  }
}

/**
 * Imports rclnodejs where that is safe, and only there.
 *
 * @throws ConfigurationError saying what to source or install.
 */
export async function loadRclnodejs(environment: RosEnvironment = rosEnvironment()): Promise<Rcl> {
  if (!environment.usable || environment.addon === undefined)
    throw new ConfigurationError(environment.reason ?? "rclnodejs is not compiled");
  // It works on the default event loop, that of the main thread, from wherever it is called: the process would abort.
  if (!isMainThread) throw new Error("rclnodejs works in the main thread of a process only");
  const require = createRequire(import.meta.url);
  try {
    // What does not load here would make rclnodejs delete its build and compile it anew.
    require(environment.addon);
  } catch (error) {
    throw new ConfigurationError(
      `rclnodejs was compiled for another ROS 2 than the sourced ${environment.distro} (${firstLine(error)}): ` +
        "source that one, or run `npm run setup:ros2`",
    );
  }
  // A name in a variable: the compiler must not look for a package that is not there everywhere.
  const name = "rclnodejs";
  const { default: rcl } = (await import(name)) as { default: Rcl };
  rcl.removeSignalHandlers();
  return rcl;
}

function firstLine(error: unknown): string | undefined {
  return (error as Error).message.split("\n")[0];
}
