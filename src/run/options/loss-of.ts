import { lossNamed } from "../../align/losses/index.js";
import type { PairLoss } from "../../align/pair-objective.js";
import { InputError, quote } from "../../base/errors.js";
import type { LossOptions } from "./method-options.js";
import { builtInLike, recallLoss } from "./part-registry.js";
import type { Versioned } from "./parts.js";

type LossIdentity = Pick<PairLoss, "name" | "beta" | "settings">;

/**
 * Returns the loss of a method.
 *
 * @param options resolved, or as stored in a run's folder ({@link identityOf}); a stored custom loss must have been
 *   seen by this process
 * @throws InputError if this process has not seen it, or a setting is outside its range or not used by the loss
 */
export function lossOf({ loss, ...settings }: LossOptions): PairLoss {
  if (typeof loss === "string") return lossNamed(loss, settings);
  if (isLossObject(loss)) return loss;
  return isLossIdentity(loss) ? restored(loss) : lossNamed(loss, settings);
}

/** Losses whose names are also names of other methods. */
const methodsByLoss: ReadonlySet<string> = new Set(["irepo", "aihf"]);

/**
 * Returns the name of a direct alignment algorithm: that of its loss, or for example `direct-irepo` if that is also the
 * name of another method.
 */
export function directName(options: LossOptions): string {
  const { name } = lossOf(options);
  return methodsByLoss.has(name) ? `direct-${name}` : name;
}

/** Returns whether a value of the option `loss` is a loss object rather than a name or weights. */
export function isLossObject(loss: unknown): loss is PairLoss {
  return typeof loss === "object" && loss !== null && ("perPair" in loss || "build" in loss);
}

/** Distinguishes an identity from weights: no loss is called "name" or "beta". */
function isLossIdentity(loss: object): loss is LossIdentity {
  return "name" in loss && typeof loss.name === "string" && "beta" in loss && typeof loss.beta === "number";
}

function restored(identity: LossIdentity): PairLoss {
  const own = recallLoss(identity);
  // Only checked losses are recalled.
  const loss = own ? (own as Versioned & PairLoss) : "version" in identity ? undefined : builtInLike(identity);
  if (!loss)
    throw new InputError(
      `the loss ${quote(identity.name)} is your own and not defined here; run the cell that defines it first`,
    );
  return loss;
}
