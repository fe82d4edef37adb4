import { InputError, quote } from "../../base/errors.js";
import type { Option } from "../../base/option.js";
import { flag, notNegative, oneOf, positive, positiveShare, shareBelow } from "../../base/option-kinds.js";
import { referenceWeightings } from "./bmc.js";
import type { LossName } from "./index.js";

/** The settings of all losses; a setting that a loss does not use is an error, which names the losses that do. */
export interface LossSettings {
  /** Strength of the pull towards the reference: scale of the implicit reward; λ of orpo. Default 0.1. */
  readonly beta: number;
  /** cdpo, rdpo, exo-pair: share of labels taken to be wrong. Default 0.1; for exo-pair 0.001. */
  readonly labelSmoothing?: number;
  /** simpo: target margin between the rewards. Default 0.5. */
  readonly targetMargin?: number;
  /** discopop: width of the modulation. Default 0.05. */
  readonly tau?: number;
  /** dpo, ipo: mean log-ratios per token instead of sums. Default true for ipo, false for dpo. */
  readonly lengthNormalized?: boolean;
  /** dpo-bmc, ipo-bmc, orpo-bmc: δ, the most that a differing token's 1/π adds to its weight. Default 2. */
  readonly delta?: number;
  /** dpo-bmc, ipo-bmc: whose probabilities weigh the reference's tokens, the policy's as in the paper or its own as in its code. Default policy. */
  readonly referenceWeights?: (typeof referenceWeightings)[number];
  /** aipo: α, the share by which the reference's own margin has to be exceeded. Default 0.05. */
  readonly alpha?: number;
  /** aipo: λ, weight of the likelihood of each chosen response over its length. Default 0.5. */
  readonly lambda?: number;
  /** Weight of an auxiliary SFT (NLL) loss on the chosen responses. Default 0. */
  readonly nll?: number;
}

/** A setting as an option; `losses` are those that use it, undefined if all do. */
type Setting<Value> = Option<Value> & { readonly losses?: readonly LossName[] };

/** Every setting of the losses. */
export const lossSettingsTable = {
  beta: {
    ...positive("β"),
    help: "strength of the pull towards the reference: scale of the implicit reward; λ of orpo",
    default: 0.1,
  },
  labelSmoothing: {
    ...shareBelow(1 / 2, "1/2")("ε"),
    help: "cdpo, rdpo, exo-pair: share of labels taken to be wrong",
    otherwise: "0.1; for exo-pair 0.001",
    losses: ["cdpo", "rdpo", "exo-pair"],
  },
  targetMargin: {
    ...notNegative("γ"),
    help: "simpo: target margin between the rewards",
    otherwise: "0.5",
    losses: ["simpo"],
  },
  tau: { ...positiveShare("τ"), help: "discopop: width of the modulation", otherwise: "0.05", losses: ["discopop"] },
  lengthNormalized: {
    ...flag(true),
    help: "dpo, ipo: mean log-ratios per token instead of sums",
    otherwise: "true for ipo, false for dpo",
    losses: ["dpo", "ipo"],
  },
  delta: {
    ...notNegative("δ"),
    help: "dpo-bmc, ipo-bmc, orpo-bmc: δ, the most that a differing token's 1/π adds to its weight",
    otherwise: "2",
    losses: ["dpo-bmc", "ipo-bmc", "orpo-bmc"],
  },
  referenceWeights: {
    ...oneOf(referenceWeightings, "model"),
    help: "dpo-bmc, ipo-bmc: whose probabilities weigh the reference's tokens, the policy's as in the paper or its own as in its code",
    otherwise: "policy",
    losses: ["dpo-bmc", "ipo-bmc"],
  },
  alpha: {
    ...notNegative("α"),
    help: "aipo: α, the share by which the reference's own margin has to be exceeded",
    otherwise: "0.05",
    losses: ["aipo"],
  },
  lambda: {
    ...notNegative("λ"),
    help: "aipo: λ, weight of the likelihood of each chosen response over its length",
    otherwise: "0.5",
    losses: ["aipo"],
  },
  nll: {
    ...notNegative("weight"),
    help: "weight of an auxiliary SFT (NLL) loss on the chosen responses",
    otherwise: "0",
  },
} as const satisfies { readonly [Name in keyof LossSettings]-?: Setting<NonNullable<LossSettings[Name]>> };

export const lossSettingNames = Object.keys(lossSettingsTable) as (keyof LossSettings)[];

/** @throws InputError if a setting is outside its range, or none of the losses uses it */
export function checkLossSettings(losses: readonly LossName[], settings: LossSettings): void {
  for (const name of lossSettingNames) {
    const value = settings[name];
    const { schema, expected, losses: users = losses }: Setting<unknown> = lossSettingsTable[name];
    if (value === undefined && name !== "beta") continue;
    if (!losses.some((loss) => users.includes(loss))) {
      throw new InputError(`${name}: not used by the loss ${losses.join(", ")}; it is for ${users.join(", ")}`);
    }
    if (!schema.safeParse(value).success) throw new InputError(`${name}: found ${quote(value)}, expected ${expected}`);
  }
  if (settings.labelSmoothing === 0 && losses.includes("exo-pair")) {
    throw new InputError(
      "labelSmoothing: found 0, expected a share in (0, 1/2) for exo-pair, whose target distribution must not be 0",
    );
  }
  if (settings.nll && losses.includes("nll")) {
    throw new InputError(`nll: found ${settings.nll} beside the loss nll; give its weight in one place`);
  }
}
