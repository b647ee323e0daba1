import { describe, expect, it } from "vitest";
import { isSkipped, NodeUnderTest, titled } from "./harness.js";

describe.skipIf(isSkipped)(titled("on a real graph, a process"), () => {
  it("ends after its node has left, whatever else waited for the event loop then", async () => {
    const node = await NodeUnderTest.start("nodes/brief.js");
    const late = new Promise((resolve) => setTimeout(() => resolve("it goes on for ever"), 20_000));
    try {
      expect(await Promise.race([node.ended, late])).toBe(0);
    } finally {
      await node.stop("SIGKILL");
    }
  });
});
