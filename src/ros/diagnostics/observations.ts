import type { ObservationHealth, TransportHealth } from "../health.js";
import { type Complaint, duration, type Finding, hertz, judge, LEVEL } from "./diagnostic-status.js";

const SECOND_MS = 1000;
/** Share of the required rate below which an observation is slow. */
const SLOW = 0.8;

/** How the observations come in, for /diagnostics. */
export function observationsFinding(health: TransportHealth): Finding {
  const { observations, actions, refused, refusal, lacking, episode, steps } = health;
  const late = observations.find(({ name }) => name === lacking);
  const complaints = [
    ...observations.flatMap(complaintAbout),
    // It comes, and often enough; its stamps are behind those of the others.
    ...warning(
      late && complaintAbout(late).length === 0 && `steps have no observation for want of ${lacking}`,
    ),
    ...actions.flatMap(({ topic, problem }) => warning(problem && `${topic}: ${problem}`)),
    ...warning(refusal),
  ];
  return {
    ...judge(complaints, `all ${observations.length} come in`),
    values: [
      ...observations.flatMap(describe),
      ["messages refused", `${refused}`],
      ...actions.map(({ topic, published }): [string, string] => [
        `${topic}: actions published`,
        `${published}`,
      ]),
      ["episode", `${episode}`],
      ["steps in this episode", `${steps}`],
    ],
  };
}

function warning(text: string | false | undefined): Complaint[] {
  return text ? [{ level: LEVEL.warn, text }] : [];
}

function complaintAbout(observation: ObservationHealth): Complaint[] {
  const { name, topic, requiredHz, measuredHz, ageMs, problem } = observation;
  const why = problem === undefined ? "" : `: ${problem}`;
  if (ageMs === undefined) {
    const remedy = problem === undefined ? `: is anything publishing it? ros2 topic info -v ${topic}` : why;
    return [{ level: LEVEL.error, text: `${name}: nothing usable on ${topic} yet${remedy}` }];
  }
  const isOnce = requiredHz === 0;
  if (!isOnce && ageMs > Math.max(SECOND_MS, 3000 / requiredHz)) {
    return [{ level: LEVEL.stale, text: `${name}: nothing usable on ${topic} for ${duration(ageMs)}${why}` }];
  }
  if (problem !== undefined) return [{ level: LEVEL.warn, text: `${name} (${topic})${why}` }];
  if (!isOnce && measuredHz < SLOW * requiredHz) {
    const text = `${name}: ${hertz(measuredHz)} on ${topic}, ${hertz(requiredHz)} are required`;
    return [{ level: LEVEL.warn, text }];
  }
  return [];
}

function describe({
  name,
  topic,
  requiredHz,
  measuredHz,
  ageMs,
  problem,
}: ObservationHealth): [string, string][] {
  return [
    [`${name}: topic`, topic],
    [`${name}: rate`, hertz(measuredHz)],
    [`${name}: rate required`, requiredHz === 0 ? "once" : hertz(requiredHz)],
    [`${name}: age`, duration(ageMs)],
    [`${name}: problem`, problem ?? ""],
  ];
}
