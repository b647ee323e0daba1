import type { Bundle } from "../../policy/bundle.js";
import { ConfigurationError } from "../../policy/errors.js";
import { PROVIDERS, type ProviderName, type Runtime, type WantedRuntime } from "../runtime.js";
import type { SolverSettings } from "../settings.js";
import { describePlacement, type ProviderFinding, requireProvider, tryProvider } from "./try-provider.js";

/** The provider that runs, and what a person should know about how that came. */
export interface ChosenRuntime {
  readonly runtime: Runtime;
  /** One line; undefined when a provider was named and runs everything itself. */
  readonly note: string | undefined;
}

/**
 * Makes sure that a provider works, and computes this policy's network as the cpu does, before anything is built on it.
 * "auto" tries each one and takes the one whose measured costs give the least time of a solve.
 *
 * @throws ConfigurationError when the provider that is named, or each of them, cannot be used here.
 */
export async function chooseProvider(
  policy: Bundle,
  wanted: WantedRuntime,
  solver: SolverSettings,
): Promise<ChosenRuntime> {
  const { provider, ...rest } = wanted;
  if (provider === "auto") return fastest(policy, rest, solver);
  const runtime: Runtime = { ...rest, provider };
  if (provider === "cpu") return { runtime, note: undefined };
  const { placement } = await requireProvider(runtime, { policy });
  const note = placement ? `fallback is allowed: ${describePlacement(placement)}` : undefined;
  return { runtime, note };
}

async function fastest(
  policy: Bundle,
  rest: Omit<Runtime, "provider">,
  solver: SolverSettings,
): Promise<ChosenRuntime> {
  const findings: ProviderFinding[] = [];
  let leastMs = Number.POSITIVE_INFINITY;
  for (const provider of PROVIDERS) {
    // No solve is less than one call: what needs longer for that than another one for all is not measured further.
    const measure = { solver, atMostMs: leastMs };
    const found = await tryProvider({ ...rest, provider }, { policy, measure });
    leastMs = Math.min(leastMs, found.costs?.expectedMs ?? Number.POSITIVE_INFINITY);
    findings.push(found);
  }
  const { provider, note } = compareProviders(findings);
  return { runtime: { ...rest, provider }, note: `auto chose ${note}` };
}

/**
 * The fastest of those that were measured, and why the others are not.
 *
 * @throws ConfigurationError when none was.
 */
export function compareProviders(findings: readonly ProviderFinding[]): {
  readonly provider: ProviderName;
  readonly note: string;
} {
  const cost = ({ costs }: ProviderFinding) => costs?.expectedMs ?? Number.POSITIVE_INFINITY;
  const [best, ...others] = [...findings].sort((a, b) => cost(a) - cost(b));
  if (!best?.costs) {
    throw new ConfigurationError(
      `no provider can run this policy: ${findings.map((found) => `${found.name}: ${whyNot(found)}`).join("; ")}`,
    );
  }
  const placement = best.placement ? ` (${describePlacement(best.placement)})` : "";
  const note = [
    `${best.name}${placement}, about ${time(best.costs.expectedMs)} a solve`,
    ...others.map((found) => `${found.name} ${whyNot(found)}`),
  ].join("; ");
  return { provider: best.name, note };
}

function whyNot({ costs, reason, unmeasured }: ProviderFinding): string {
  if (costs) return `would take about ${time(costs.expectedMs)}`;
  return reason === null ? `is too slow: ${unmeasured}` : `cannot be used: ${reason}`;
}

function time(ms: number): string {
  return `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
}
