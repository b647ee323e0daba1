import { ConfigurationError } from "../../policy/errors.js";
import type { ParameterDeclaration, ParameterValue, RosParameters } from "../graph.js";
import { acceptValue, storedValue, TYPE_CODE } from "./parameter-value.js";
import type { Rcl, RclNode, RclParameter, SetResult } from "./rcl.js";

type Check = Parameters<RosParameters["guard"]>[0];

/** Those that rclnodejs declares by itself. */
const BUILT_IN: readonly ParameterDeclaration[] = [
  { name: "use_sim_time", description: "time comes from /clock", readOnly: false },
  { name: "start_type_description_service", description: "type descriptions for tools", readOnly: true },
].map((each) => ({ ...each, type: "bool", value: false }));

/**
 * Parameters of one node. Every change is checked here before rclnodejs sees it, for three reasons: its own refusals
 * name no reason ("Parameter x does not  readonly"), any client can delete a parameter, and a request that names an
 * unknown type or an empty name is an exception in a callback, which aborts the process.
 */
export class RclParameters implements RosParameters {
  readonly #rcl: Rcl;
  readonly #node: RclNode;
  readonly #overrides: ReadonlyMap<string, unknown>;
  readonly #log: (text: string) => void;
  readonly #declared = new Map(BUILT_IN.map((each) => [each.name, each]));
  readonly #checks: Check[] = [];

  /** @param overrides as `parameterOverrides` gives them. */
  constructor(rcl: Rcl, node: RclNode, overrides: ReadonlyMap<string, unknown>, log: (text: string) => void) {
    this.#rcl = rcl;
    this.#node = node;
    this.#overrides = overrides;
    this.#log = log;
    this.#answerRequests();
  }

  /** @throws ConfigurationError for values in parameter files or on the command line that cannot be, all of them at once. */
  declare(declarations: readonly ParameterDeclaration[]): ReadonlyMap<string, ParameterValue> {
    const values = new Map<string, ParameterValue>();
    const problems: string[] = [];
    for (const declaration of declarations) {
      const accepted = acceptValue(declaration, this.#overrides.get(declaration.name) ?? declaration.value);
      if (accepted.ok) values.set(declaration.name, accepted.value);
      else problems.push(accepted.problem);
    }
    if (problems.length > 0) throw new ConfigurationError(`parameters: ${problems.join("\n  ")}`);
    for (const declaration of declarations)
      this.#declareOne(declaration, values.get(declaration.name) as ParameterValue);
    return values;
  }

  guard(check: Check): void {
    this.#checks.push(check);
  }

  /** Names that a parameter file or the command line sets for this node, and that it does not have. */
  get unknown(): readonly string[] {
    return [...this.#overrides.keys()].filter(
      (name) => !this.#declared.has(name) && !name.startsWith("qos_overrides."),
    );
  }

  #declareOne(declaration: ParameterDeclaration, value: ParameterValue): void {
    const { name, type, description, readOnly, range } = declaration;
    const { Parameter, ParameterDescriptor } = this.#rcl;
    const descriptor = new ParameterDescriptor(name, TYPE_CODE[type], description, readOnly);
    // Its own message never has a range in it: it reads a field that nothing sets.
    const message = {
      name,
      type: TYPE_CODE[type],
      description,
      read_only: readOnly,
      ...rangeOf(type, range),
    };
    descriptor.toMessage = () => message;
    this.#declared.set(name, declaration);
    this.#node.declareParameter(
      new Parameter(name, TYPE_CODE[type], storedValue(type, value)),
      descriptor,
      true,
    );
  }

  #answerRequests(): void {
    const { Parameter } = this.#rcl;
    const service = this.#node._parameterService;
    const set = (messages: readonly object[]): SetResult => {
      try {
        return this.#set(messages.map((message) => Parameter.fromParameterMessage(message)));
      } catch (error) {
        this.#log(`a request to set parameters was refused: ${(error as Error).message}`);
        return refused((error as Error).message);
      }
    };
    service._handleSetParameters = ({ parameters }, response) =>
      response.send({ results: parameters.map((parameter) => set([parameter])) });
    service._handleSetParametersAtomically = ({ parameters }, response) =>
      response.send({ result: set(parameters) });
  }

  #set(parameters: readonly RclParameter[]): SetResult {
    const changes = new Map<string, ParameterValue>();
    const accepted: RclParameter[] = [];
    for (const { name, type, value } of parameters) {
      const declaration = this.#declared.get(name);
      if (!declaration) return refused(`there is no parameter ${name}`);
      if (type === 0) return refused(`${name} cannot be deleted`);
      if (declaration.readOnly)
        return refused(
          `${name} is fixed while the node runs: set it in the launch or parameter file and restart`,
        );
      const result = acceptValue(declaration, value);
      if (!result.ok) return refused(result.problem);
      changes.set(name, result.value);
      accepted.push(
        new this.#rcl.Parameter(
          name,
          TYPE_CODE[declaration.type],
          storedValue(declaration.type, result.value),
        ),
      );
    }
    for (const check of this.#checks) {
      const reason = check(changes);
      if (reason !== undefined) return refused(reason);
    }
    return this.#node.setParametersAtomically(accepted);
  }
}

function rangeOf(type: ParameterDeclaration["type"], range: ParameterDeclaration["range"]): object {
  if (!range) return {};
  const { min, max } = range;
  return type.startsWith("integer")
    ? { integer_range: [{ from_value: BigInt(min), to_value: BigInt(max), step: 0n }] }
    : { floating_point_range: [{ from_value: min, to_value: max, step: 0 }] };
}

function refused(reason: string): SetResult {
  return { successful: false, reason };
}
