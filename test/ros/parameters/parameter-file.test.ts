import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { readLaunch } from "../../../src/launch/launch.js";
import { flatten } from "../../../src/ros/parameters/flatten.js";
import { parameterFile } from "../../../src/ros/parameters/parameter-file.js";
import { anyLaunch, JOINT_LAUNCH } from "./launches.js";

/** Names of nested maps joined by dots, as ROS reads a parameter file. */
function read(value: unknown, name = ""): [string, unknown][] {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return [[name, value]];
  return Object.entries(value).flatMap(([key, each]) => read(each, name === "" ? key : `${name}.${key}`));
}

describe("a parameter file", () => {
  it("says the same as the declarations when it is read again", () => {
    fc.assert(
      fc.property(anyLaunch, (document) => {
        const { parapilot } = parse(parameterFile(document));
        const wanted = flatten(document).map(({ name, value }) => [name, value]);
        expect(Object.fromEntries(read(parapilot.ros__parameters))).toEqual(Object.fromEntries(wanted));
      }),
    );
  });

  it.each(["pusht", "pusht-gantry"])(
    "is shipped for launch/%s.yaml as it would be made now",
    async (name) => {
      const { document } = await readLaunch(`launch/${name}.yaml`);
      expect(await readFile(`launch/${name}.params.yaml`, "utf8")).toBe(parameterFile(document));
    },
  );

  it("writes every double with a point or an exponent, so that ROS does not take it for an integer", () => {
    const text = parameterFile({ policy: "p", solver: { tolerance: 1e21, coupling: 1 } });
    expect(text).toMatch(/^ {6}tolerance: 1e\+21$/m);
    expect(text).toMatch(/^ {6}coupling: 1\.0$/m);
    expect(text).toMatch(/^ {6}window: -1$/m);
  });

  it("explains every parameter above it", () => {
    const lines = parameterFile(JOINT_LAUNCH).split("\n");
    const values = lines.filter((line) => /^\s+[\w".]+: \S/.test(line) && !line.includes("#"));
    expect(values.length).toBe(flatten(JOINT_LAUNCH).length);
    for (const value of values) expect(lines[lines.indexOf(value) - 1], value).toMatch(/^\s+# \S/);
  });

  it("quotes what YAML would take for something else", () => {
    const text = parameterFile(JOINT_LAUNCH);
    expect(text).toContain('"0":');
    expect(text).toContain('elbow: "goal"');
    expect(text).toMatch(/^parapilot:\n {2}ros__parameters:\n/m);
  });

  it("is for the node that is asked for", () => {
    expect(Object.keys(parse(parameterFile(JOINT_LAUNCH, "/**")))).toEqual(["/**"]);
  });
});
