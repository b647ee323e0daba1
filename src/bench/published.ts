/** A figure of a paper, read in the primary source named. */
export interface PublishedFigure {
  /** The contender that it belongs to. */
  readonly contender: string;
  /** What was sampled. */
  readonly task: string;
  /** Short enough for a column beside ours. */
  readonly figure: string;
  readonly more: string;
  readonly source: string;
  readonly link: string;
}

const PARADIGMS = {
  source: "Shih et al. 2023 (ParaDiGMS), table of robot results in the authors' repository",
  link: "https://github.com/AndyShih12/paradigms",
};
const KITCHEN = "Franka Kitchen, window 20";

export const PUBLISHED: readonly PublishedFigure[] = [
  {
    contender: "ParaDDPM",
    task: `${KITCHEN}, 100 steps`,
    figure: "25 sweeps, 390 evaluations",
    more: "reward 0.84 ± 0.03 (sequential 0.85 ± 0.03); 33.3 s per episode (sequential 112 s), 3.4 times as fast",
    ...PARADIGMS,
  },
  {
    contender: "ParaDDIM",
    task: `${KITCHEN}, 15 steps`,
    figure: "7 sweeps, 47 evaluations",
    more: "reward 0.80 ± 0.03 (sequential 0.80 ± 0.03); 9.45 s per episode (sequential 16.9 s), 1.8 times as fast",
    ...PARADIGMS,
  },
  {
    contender: "ParaDPMSolver",
    task: `${KITCHEN}, 15 steps`,
    figure: "6 sweeps, 41 evaluations",
    more: "reward 0.80 ± 0.03 (sequential 0.79 ± 0.03); 8.89 s per episode (sequential 17.4 s), 2.0 times as fast",
    ...PARADIGMS,
  },
  {
    contender: "SRDS pipelined",
    task: "images: Stable Diffusion v2 in 25 steps; longer trajectories",
    figure: "1.7; 4.3 times as fast, at most",
    more: "no figures for robots",
    source: "Selvam, Merchant and Ermon 2024 (SRDS), abstract",
    link: "https://arxiv.org/abs/2412.08292",
  },
  {
    contender: "ParaTAA",
    task: "images: Stable Diffusion, DDIM in 100 steps",
    figure: "7 sweeps for the same picture by eye",
    more: "4 to 14 times fewer steps; no figures for robots",
    source: "Tang et al. 2024 (ParaTAA), abstract",
    link: "https://arxiv.org/abs/2402.09970",
  },
];

export function publishedFor(name: string): PublishedFigure | undefined {
  return PUBLISHED.find(({ contender }) => contender === name);
}
