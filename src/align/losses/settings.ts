import { InputError, quote } from "../../base/errors.js";
import type { LossName } from "./index.js";

/** The settings of all losses; which losses use which is said by the error where another is given. */
export interface LossSettings {
  /** β, scale of the implicit reward: how strongly the policy is held to the reference. ORPO's weight λ. */
  readonly beta: number;
  /** ε of cdpo and rdpo, the share of wrong labels, default 0.1; of exo-pair, default 0.001. */
  readonly labelSmoothing?: number;
  /** γ of simpo, the margin of rewards that is asked for. Default 0.5. */
  readonly targetMargin?: number;
  /** τ of discopop. Default 0.05. */
  readonly tau?: number;
  /** Whether dpo and ipo take means over tokens instead of sums. Default: ipo does, dpo does not. */
  readonly lengthNormalized?: boolean;
  /** Weight of a term nll beside the loss, whose own weight stays 1. Default 0, no term. */
  readonly nll?: number;
}

/** What a setting may be, and the losses that use it; undefined where all do. */
interface Rule {
  readonly expected: string;
  readonly isGood: (value: never, losses: readonly LossName[]) => boolean;
  readonly losses?: readonly LossName[];
}

const rules: Readonly<Record<keyof LossSettings, Rule>> = {
  beta: { expected: "a number above 0", isGood: (beta: number) => beta > 0 && beta < Infinity },
  labelSmoothing: {
    expected: "a share in [0, 1/2), for exo-pair above 0",
    isGood: (share: number, losses) => share < 1 / 2 && (losses.includes("exo-pair") ? share > 0 : share >= 0),
    losses: ["cdpo", "rdpo", "exo-pair"],
  },
  targetMargin: { expected: "a number from 0", isGood: (margin: number) => margin >= 0 && margin < Infinity, losses: ["simpo"] },
  tau: { expected: "a number above 0, at most 1", isGood: (tau: number) => tau > 0 && tau <= 1, losses: ["discopop"] },
  lengthNormalized: {
    expected: "true or false",
    isGood: (normalized: boolean) => typeof normalized === "boolean",
    losses: ["dpo", "ipo"],
  },
  nll: { expected: "a number from 0", isGood: (weight: number) => weight >= 0 && weight < Infinity },
};

/** Names of the settings beside β, each of which may be left out. */
export const optionalLossSettings = Object.keys(rules).filter((name) => name !== "beta") as Exclude<keyof LossSettings, "beta">[];

/** Those of a run's options that are settings of its loss, beside β. */
export function lossSettings(options: Omit<LossSettings, "beta">): Omit<LossSettings, "beta"> {
  const given = optionalLossSettings.filter((name) => options[name] !== undefined);
  return Object.fromEntries(given.map((name) => [name, options[name]]));
}

/** @throws InputError where a setting is outside its range, or none of the losses uses it */
export function checkLossSettings(losses: readonly LossName[], settings: LossSettings): void {
  for (const name of ["beta", ...optionalLossSettings] as const) {
    const value = settings[name];
    if (value === undefined && name !== "beta") continue;
    const { expected, isGood, losses: users = losses } = rules[name];
    if (!losses.some((loss) => users.includes(loss))) {
      throw new InputError(`${name}: found ${quote(value)} for the loss ${losses.join(", ")}, expected a loss that uses it: ${users.join(", ")}`);
    }
    if (!isGood(value as never, losses)) throw new InputError(`${name}: found ${quote(value)}, expected ${expected}`);
  }
  if (settings.nll && losses.includes("nll")) {
    throw new InputError(`nll: found ${settings.nll} beside the loss nll, expected its weight in one place`);
  }
}
