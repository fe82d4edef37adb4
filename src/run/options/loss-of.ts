import { lossNamed } from "../../align/losses/index.js";
import type { PairLoss } from "../../align/pair-objective.js";
import { InputError, quote } from "../../base/errors.js";
import type { LossOptions } from "./method-options.js";
import { builtInLike, recallLoss } from "./part-registry.js";
import type { Versioned } from "./parts.js";

type LossIdentity = Pick<PairLoss, "name" | "beta" | "settings">;

/**
 * The loss of a method.
 *
 * @param options resolved, or as a run's folder keeps them ({@link identityOf}); a loss of one's own is then one that this
 *   process has seen
 * @throws InputError if it has not, or a setting is outside its range or not used by the loss
 */
export function lossOf({ loss, ...settings }: LossOptions): PairLoss {
  if (typeof loss === "string") return lossNamed(loss, settings);
  if (isLossObject(loss)) return loss;
  return isLossIdentity(loss) ? restored(loss) : lossNamed(loss, settings);
}

/** Losses that a method of another kind is called by. */
const methodsByLoss: ReadonlySet<string> = new Set(["irepo", "aihf"]);

/** What a direct alignment algorithm is called: by its loss, or `direct-irepo` where that is the name of another method. */
export function directName(options: LossOptions): string {
  const { name } = lossOf(options);
  return methodsByLoss.has(name) ? `direct-${name}` : name;
}

/** Whether a value of the option `loss` is a loss itself, not its name or weights. */
export function isLossObject(loss: unknown): loss is PairLoss {
  return typeof loss === "object" && loss !== null && ("perPair" in loss || "build" in loss);
}

/** No loss is called "name" or "beta": weights are told from an identity by that. */
function isLossIdentity(loss: object): loss is LossIdentity {
  return "name" in loss && typeof loss.name === "string" && "beta" in loss && typeof loss.beta === "number";
}

function restored(identity: LossIdentity): PairLoss {
  const own = recallLoss(identity);
  // Only what was checked as a loss is recalled as one.
  const loss = own ? (own as Versioned & PairLoss) : "version" in identity ? undefined : builtInLike(identity);
  if (!loss)
    throw new InputError(
      `the loss ${quote(identity.name)} is your own and not defined here; run the cell that defines it first`,
    );
  return loss;
}
