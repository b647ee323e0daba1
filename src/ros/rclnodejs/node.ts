import { ConfigurationError } from "../../policy/errors.js";
import type { Rcl, RclNode, RclNodeClass, RclParameter } from "./rcl.js";

/** What the overrides of a node's parameters are, once its final name is known. */
type OverridesOf = (node: {
  readonly name: string;
  readonly qualified: string;
}) => ReadonlyMap<string, unknown>;

export interface OpenedNode {
  readonly node: RclNode;
  readonly overrides: ReadonlyMap<string, unknown>;
}

const BOOL = 1;
/** As rclcpp subscribes to it. */
const CLOCK_QOS = { history: 1, depth: 1, reliability: 2, durability: 2, liveliness: 1 } as const;

/**
 * A node of rclnodejs, mended where it would take the process with it or hear nothing:
 * - an exception in any callback, its own included, is logged instead of aborting the process;
 * - its parameter overrides are ours, since it overlooks qualified names;
 * - it listens to /clock with best effort, since `ros2 bag play --clock` and simulators publish it so, and a reliable
 *   subscription hears nothing of it.
 */
export function openNode(rcl: Rcl, Base: RclNodeClass, name: string, overridesOf: OverridesOf): OpenedNode {
  let overrides: ReadonlyMap<string, unknown> = new Map();
  const { history, depth, reliability, durability, liveliness } = CLOCK_QOS;
  const clockQos = new rcl.QoS(history, depth, reliability, durability, liveliness);

  class MendedNode extends Base {
    override execute(handles: readonly unknown[]): void {
      try {
        super.execute(handles);
      } catch (error) {
        this.getLogger().error(`an exception inside rclnodejs: ${describe(error)}`);
      }
    }

    override createSubscription(
      ...[type, topic, options, callback]: Parameters<RclNode["createSubscription"]>
    ) {
      return topic === "/clock" && typeof options === "function"
        ? super.createSubscription(type, topic, { qos: clockQos }, options as (message: unknown) => void)
        : super.createSubscription(type, topic, options, callback);
    }

    /** Called once, by the constructor of the base. */
    override _getNativeParameterOverrides(): Map<string, RclParameter> {
      overrides = overridesOf({ name: this.name(), qualified: this.getFullyQualifiedName() });
      const simulated = overrides.get("use_sim_time");
      if (simulated === undefined) return new Map();
      if (typeof simulated !== "boolean")
        throw new ConfigurationError(
          `parameters: use_sim_time is true or false, found ${JSON.stringify(simulated)}`,
        );
      return new Map([["use_sim_time", new rcl.Parameter("use_sim_time", BOOL, simulated)]]);
    }
  }

  const node = new MendedNode(name);
  for (const service of node._services) answerAlways(service, node);
  return { node, overrides };
}

/** Its own services throw at an empty name in a request, say; their callers get the defaults instead of nothing. */
function answerAlways(service: RclNode["_services"][number], node: RclNode): void {
  const answer = service._callback.bind(service);
  service._callback = (request, response) => {
    try {
      return answer(request, response);
    } catch (error) {
      node.getLogger().error(`service ${service.serviceName}: ${describe(error)}`);
      if (!response.sent) response.send(response.template);
      return undefined;
    }
  };
}

export function describe(error: unknown): string {
  return error instanceof Error ? `${error.message} (${error.stack?.split("\n")[1]?.trim()})` : String(error);
}
