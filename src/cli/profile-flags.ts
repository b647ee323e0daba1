import type { Profile } from "../profile/profile.js";
import type { ProfileResult } from "../profile/profile-result.js";
import type { BudgetFlags } from "./budget-options.js";

export interface ProfileFlags extends BudgetFlags {
  readonly ticks: number;
  readonly warmup: number;
  readonly realTime?: boolean;
  readonly attach?: string;
  readonly fault?: string;
  readonly seed: number;
  readonly report: string;
  readonly trace?: string;
  readonly json?: boolean;
}

/** A finished profile. */
export interface Profiled {
  readonly title: string;
  readonly profile: Profile;
  readonly result: ProfileResult;
}
