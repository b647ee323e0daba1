import type { RosGraph } from "../../src/ros/graph.js";

/** How long a world waits for a policy before it goes on without. */
const PATIENCE_MS = 1000;

/**
 * Tells a policy by a std_srvs/Trigger service that the world starts anew; settles when it knows, or is not there.
 *
 * @param level of what is logged when nobody was told: a policy may well start later than the world.
 */
export async function forgetPlan(graph: RosGraph, service: string, level: "info" | "warn"): Promise<void> {
  const client = graph.client("std_srvs/srv/Trigger", service);
  try {
    const answer = (await client.call({}, PATIENCE_MS)) as {
      readonly success: boolean;
      readonly message: string;
    };
    if (!answer.success) graph.log(level, `${service} did not reset the policy: ${answer.message}`);
  } catch (error) {
    graph.log(
      level,
      `no policy was reset (${(error as Error).message}): one that runs goes on with the plan of the episode before`,
    );
  } finally {
    client.close();
  }
}
