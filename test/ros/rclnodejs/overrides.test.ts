import { describe, expect, it } from "vitest";
import { ConfigurationError } from "../../../src/policy/errors.js";
import { parameterOverrides } from "../../../src/ros/rclnodejs/overrides.js";

const node = { name: "parapilot", qualified: "/robot/parapilot" };
const none = () => {
  throw new Error("no such file");
};
const read = (args: readonly string[], files: Record<string, string> = {}, names = node) =>
  Object.fromEntries(parameterOverrides(args, names, (path) => files[path] ?? none()));
const file = (text: string, names = node) => read(["--ros-args", "--params-file", "f"], { f: text }, names);

describe("parameters on the command line", () => {
  it("are taken from ROS arguments only", () => {
    expect(read(["-p", "a:=1"])).toEqual({});
    expect(read(["--ros-args", "-p", "a:=1", "--", "-p", "b:=2"])).toEqual({ a: 1 });
    expect(read(["--ros-args", "--param", "a:=x", "-r", "__node:=y"])).toEqual({ a: "x" });
  });

  it("may be for one node by name", () => {
    const args = ["--ros-args", "-p", "parapilot:a:=1", "-p", "/robot/parapilot:b:=2", "-p", "other:c:=3"];
    expect(read(args)).toEqual({ a: 1, b: 2 });
  });

  it("are YAML", () => {
    const args = ["-p", "a:=[x, y]", "-p", "b:=true", "-p", "c:='7'", "-p", "d.e:=40 ms", "-p", "f:=2.5"];
    expect(read(["--ros-args", ...args])).toEqual({
      a: ["x", "y"],
      b: true,
      c: "7",
      "d.e": "40 ms",
      f: 2.5,
    });
  });

  it.each([["a=1"], [":=1"]])("written %s are refused with what to write", (text) => {
    expect(() => read(["--ros-args", "-p", text])).toThrow(ConfigurationError);
    expect(() => read(["--ros-args", "-p", text])).toThrow("write -p name:=value");
  });
});

describe("a parameter file", () => {
  it.each([
    ["/**", true],
    ["parapilot", true],
    ["/robot/parapilot", true],
    ["robot/parapilot", true],
    ["/robot/**", true],
    ["/*/parapilot", true],
    ["/**/parapilot", true],
    ["/robot/*", true],
    ["/parapilot", false],
    ["/*", false],
    ["/robot", false],
    ["/other/**", false],
    ["parapilot2", false],
    ["/robot/parapilot/x", false],
  ])("with the key %s is for /robot/parapilot: %s", (key, applies) => {
    expect(file(`"${key}": { ros__parameters: { a: 1 } }`)).toEqual(applies ? { a: 1 } : {});
  });

  it("may nest namespaces, and names of parameters", () => {
    const text =
      "robot:\n  parapilot:\n    ros__parameters:\n      budgets: { solve: 40 ms, deep: { er: 1 } }\n";
    expect(file(text)).toEqual({ "budgets.solve": "40 ms", "budgets.deep.er": 1 });
  });

  it("matches a node without a namespace by /** and by its name", () => {
    const names = { name: "parapilot", qualified: "/parapilot" };
    expect(file('"/**/parapilot": { ros__parameters: { a: 1 } }', names)).toEqual({ a: 1 });
    expect(file("/parapilot: { ros__parameters: { a: 1 } }", names)).toEqual({ a: 1 });
  });

  it("gives way to what comes later: in it, in another file, on the command line", () => {
    const f =
      '"/**": { ros__parameters: { a: 1, b: 1, c: 1 } }\nparapilot: { ros__parameters: { b: 2, c: 2 } }';
    const args = ["--ros-args", "-p", "a:=0", "--params-file", "f", "-p", "c:=3"];
    expect(read(args, { f })).toEqual({ a: 1, b: 2, c: 3 });
    const g = '"/**": { ros__parameters: { b: 4 } }';
    expect(read([...args, "--params-file", "g"], { f, g })).toEqual({ a: 1, b: 4, c: 3 });
  });

  it("that cannot be read, or is no YAML, is named", () => {
    expect(() => read(["--ros-args", "--params-file", "gone"])).toThrow("--params-file gone: no such file");
    expect(() => file("a: [")).toThrow(/^--params-file f: /);
    expect(file("")).toEqual({});
    expect(file("parapilot:")).toEqual({});
  });
});
