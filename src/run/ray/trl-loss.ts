import type { PreferenceLoss } from "../../align/losses/loss.js";
import type { Objective } from "../../align/objective.js";
import { preferenceLossOf } from "../../align/preference.js";
import { InputError } from "../../base/errors.js";
import { isBuiltIn } from "../options/part-registry.js";

/** A loss in the settings of TRL's DPOTrainer. */
export interface TrlLoss {
  readonly types: readonly string[];
  readonly weights: readonly number[];
  readonly beta: number;
  readonly labelSmoothing: number;
  readonly tau: number;
}

type Settings = Readonly<Record<string, unknown>>;

/** TRL's names of equivalent losses, by ours; a function if the name depends on a setting. */
const names: Readonly<Record<string, string | ((settings: Settings) => string | undefined)>> = {
  dpo: ({ lengthNormalized }) => (lengthNormalized ? "sigmoid_norm" : "sigmoid"),
  rdpo: "robust",
  ipo: ({ lengthNormalized }) => (lengthNormalized ? "ipo" : undefined),
  slic: "hinge",
  "sppo-hard": "sppo_hard",
  "exo-pair": "exo_pair",
  "nca-pair": "nca_pair",
  "apo-zero": "apo_zero",
  "apo-down": "apo_down",
  discopop: "discopop",
  aot: "aot",
  "aot-unpaired": "aot_unpaired",
  nll: "sft",
};

/** TRL losses affected by its setting `label_smoothing`. */
const smoothed: ReadonlySet<string> = new Set(["robust", "exo_pair", "aot", "aot_unpaired"]);

/**
 * Returns the TRL settings that train with an objective.
 *
 * @throws InputError naming the loss, if TRL has no equivalent
 */
export function trlLossOf(objective: Pick<Objective<unknown>, "name">): TrlLoss {
  const loss = preferenceLossOf(objective);
  if (!loss) throw unknown(objective.name, "an objective of its own");
  const terms = termsOf(loss).map(({ weight, loss: term }) => ({
    weight,
    type: typeOf(term),
    settings: term.settings ?? {},
  }));
  // TRL takes a single label smoothing, which it also applies to AOT.
  const smoothings = terms
    .filter(({ type }) => smoothed.has(type))
    .map(({ settings }) => Number(settings["labelSmoothing"] ?? 0));
  if (new Set(smoothings).size > 1) throw unknown(loss.name, "a sum whose parts have different label smoothings");
  return {
    types: terms.map(({ type }) => type),
    weights: terms.map(({ weight }) => weight),
    beta: loss.beta,
    labelSmoothing: smoothings[0] ?? 0,
    tau: (terms.flatMap(({ settings }) => settings["tau"] ?? []) as number[])[0] ?? 0.05,
  };
}

function termsOf(loss: PreferenceLoss): readonly { readonly weight: number; readonly loss: PreferenceLoss }[] {
  const terms = loss.settings?.["terms"];
  return Array.isArray(terms) ? (terms as { weight: number; loss: PreferenceLoss }[]) : [{ weight: 1, loss }];
}

function typeOf(loss: PreferenceLoss): string {
  const found = Object.hasOwn(names, loss.name) && isBuiltIn(loss) ? names[loss.name] : undefined;
  const type = typeof found === "function" ? found(loss.settings ?? {}) : found;
  if (type === undefined)
    throw unknown(loss.name, Object.hasOwn(names, loss.name) ? "with these settings" : "by this name");
  return type;
}

function unknown(name: string, how: string): InputError {
  return new InputError(
    `loss: TRL, which trains on the cluster, has no ${name} (${how}) that means the same; train it on this machine, or choose from ${Object.keys(names).join(", ")}`,
  );
}
