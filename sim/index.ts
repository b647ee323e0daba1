export type { Environment, ResetResult, StepResult } from "./gym.js";
export { type AnimationOptions, animate, renderPng } from "./image.js";
export { type PlayOptions, playEpisode } from "./play.js";
export { PolicyClient } from "./policy-client.js";
export { PushTEnv, type PushTInfo, type PushTOptions, type PushTReset } from "./pusht/env.js";
export type { PushTObservation, PushTState } from "./pusht/observation.js";
export { type Overlay, renderSvg } from "./pusht/render.js";
