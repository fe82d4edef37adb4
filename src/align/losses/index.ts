import { InputError, quote } from "../../base/errors.js";
import { didYouMean } from "../../base/nearest.js";
import { aihf } from "./aihf.js";
import { aipo } from "./aipo.js";
import { aot, aotUnpaired } from "./aot.js";
import { apoDown } from "./apo-down.js";
import { apoZero } from "./apo-zero.js";
import { bcoPair } from "./bco-pair.js";
import { dpoBmc, ipoBmc, orpoBmc } from "./bmc.js";
import { cdpo } from "./cdpo.js";
import { discopop } from "./discopop.js";
import { dpo } from "./dpo.js";
import { exoPair } from "./exo-pair.js";
import { ipo } from "./ipo.js";
import { irepo } from "./irepo.js";
import { ktoPair } from "./kto-pair.js";
import type { PreferenceLoss } from "./loss.js";
import { ncaPair } from "./nca-pair.js";
import { nll } from "./nll.js";
import { orpo } from "./orpo.js";
import { rdpo } from "./rdpo.js";
import { checkLossSettings, type LossSettings } from "./settings.js";
import { simpo } from "./simpo.js";
import { slic } from "./slic.js";
import { sppoHard } from "./sppo-hard.js";
import { weightedSum } from "./weighted-sum.js";

export type { Both, LossColumn, PairLogProbs, PairTokens, PreferenceLoss, Running, TokenInputs } from "./loss.js";
export { implicitReward, type ImplicitReward, type ResponseLogProbs } from "./reward.js";
export type { LossSettings } from "./settings.js";

/** All direct alignment losses by name, as functions of their settings; see the table in docs/losses.md. */
export const losses = {
  dpo,
  cdpo,
  rdpo,
  ipo,
  slic,
  simpo,
  orpo,
  "kto-pair": ktoPair,
  "sppo-hard": sppoHard,
  "exo-pair": exoPair,
  "nca-pair": ncaPair,
  "bco-pair": bcoPair,
  "apo-zero": apoZero,
  "apo-down": apoDown,
  discopop,
  aot,
  "aot-unpaired": aotUnpaired,
  "dpo-bmc": dpoBmc,
  "ipo-bmc": ipoBmc,
  "orpo-bmc": orpoBmc,
  irepo,
  aihf,
  aipo,
  nll,
} as const satisfies Readonly<Record<string, (settings: LossSettings) => PreferenceLoss>>;
export type LossName = keyof typeof losses;

/** The name of a loss, or a weighted sum of losses. */
export type LossChoice = string | Readonly<Partial<Record<LossName, number>>>;

/**
 * Creates a loss by name, or a weighted sum of losses.
 *
 * @example lossNamed({ dpo: 0.8, nll: 0.2 }, { beta: 0.1 })
 * @throws InputError if there is no loss of that name, a weight is not above 0, or a setting is outside its range or
 *   not used by the loss
 */
export function lossNamed(choice: LossChoice, settings: LossSettings): PreferenceLoss {
  const weights = Object.entries(typeof choice === "string" ? { [choice]: 1 } : choice) as [LossName, number][];
  const known = Object.keys(losses);
  if (weights.length === 0) throw new InputError(`loss: no loss given; choose from ${known.join(", ")}`);
  for (const [name, weight] of weights) {
    if (!known.includes(name))
      throw new InputError(`loss: found ${quote(name)}, expected one of ${known.join(", ")}${didYouMean(name, known)}`);
    if (!(weight > 0 && weight < Infinity))
      throw new InputError(`loss: the weight of ${name} is ${quote(weight)}; it must be above 0`);
  }
  checkLossSettings(
    weights.map(([name]) => name),
    settings,
  );
  const terms = weights.map(([name, weight]) => ({ weight, loss: losses[name](settings) }));
  if (settings.nll) terms.push({ weight: settings.nll, loss: nll(settings) });
  return terms.length === 1 && terms[0]!.weight === 1 ? terms[0]!.loss : weightedSum(terms);
}
