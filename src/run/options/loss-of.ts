import { lossNamed, type PreferenceLoss } from "../../align/losses/index.js";
import { InputError, quote } from "../../base/errors.js";
import type { LossOptions } from "./method-options.js";
import { recallPart } from "./parts.js";

/**
 * The loss of a method.
 *
 * @param options resolved, or as a run's folder keeps them ({@link identityOf}): a loss of one's own is then one that
 *   this process has seen
 * @throws InputError where it has not, or a setting is outside its range or not used by the loss
 */
export function lossOf({ loss, ...settings }: LossOptions): PreferenceLoss {
  if (typeof loss === "string") return lossNamed(loss, settings);
  if (isOwnLoss(loss)) return loss;
  return isPartIdentity(loss) ? recalled(loss) : lossNamed(loss, settings);
}

/** Whether a value of the option `loss` is a loss itself, not its name or weights. */
export function isOwnLoss(loss: unknown): loss is PreferenceLoss {
  return typeof loss === "object" && loss !== null && "perPair" in loss;
}

/** Names of losses are no fields of the identity of one's own. */
function isPartIdentity(loss: object): loss is { readonly name: string; readonly version: string } {
  return "name" in loss && typeof loss.name === "string" && "version" in loss && typeof loss.version === "string";
}

function recalled({ name, version }: { readonly name: string; readonly version: string }): PreferenceLoss {
  const loss = recallPart("loss", name, version);
  if (!loss) throw new InputError(`the loss ${quote(name)}, version ${quote(version)}, is not defined here; run the cell that defines it first`);
  // It was checked as a loss when it was first seen.
  return loss as PreferenceLoss & { readonly version: string };
}
