/** [agent x, agent y, block x, block y, block angle]: pixels and radians in [0, 2π). */
export type PushTState = [agentX: number, agentY: number, blockX: number, blockY: number, angle: number];

/** What a policy sees; every array is float64, freshly allocated, in pixels (y down). */
export type PushTObservation = {
  /** 18 values: x, y of nine points fixed on the block. */
  readonly keypoints: Float64Array;
  /** 2 values. */
  readonly agent_position: Float64Array;
  /** 5 values, as PushTState. */
  readonly state: Float64Array;
};

/** The nine points in the block's frame that Diffusion Policy's keypoint observation uses (Chi et al. 2023). */
const KEYPOINTS = [
  [9.2698, 90.041],
  [-60.9835, -1.1867],
  [60.9128, -1.3934],
  [-0.2705, 25.5436],
  [-14.0649, 122.8159],
  [39.0027, 32.8574],
  [-39.9664, 32.7297],
  [-16.8243, 62.8632],
  [23.5415, -1.7003],
] as const;

/**
 * Builds the observation of a state.
 *
 * @example
 * observe([100, 100, 256, 256, Math.PI / 4]).keypoints.length; // 18
 */
export function observe(state: PushTState): PushTObservation {
  const [agentX, agentY, blockX, blockY, angle] = state;
  const cos = Math.cos(angle);
  const sin = Math.sin(angle);
  const keypoints = new Float64Array(2 * KEYPOINTS.length);
  KEYPOINTS.forEach(([x, y], i) => {
    keypoints[2 * i] = blockX + cos * x - sin * y;
    keypoints[2 * i + 1] = blockY + sin * x + cos * y;
  });
  return {
    keypoints,
    agent_position: Float64Array.of(agentX, agentY),
    state: Float64Array.from(state),
  };
}

/** The angle's representative in [0, 2π). */
export function wrapAngle(angle: number): number {
  const turn = 2 * Math.PI;
  const remainder = angle % turn;
  if (remainder >= 0) return remainder;
  // A tiny negative remainder rounds up to a full turn, which is angle 0.
  return remainder + turn < turn ? remainder + turn : 0;
}
