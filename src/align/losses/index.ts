import { InputError, quote } from "../../base/errors.js";
import { dpo } from "./dpo.js";
import type { PreferenceLoss } from "./loss.js";

/** Every direct alignment loss by its name, as a function of its settings. */
export const losses = { dpo } as const;
export type LossName = keyof typeof losses;

/**
 * A loss by its name.
 *
 * @throws InputError where there is none of that name, or β is not above 0
 */
export function lossNamed(name: string, settings: { readonly beta: number }): PreferenceLoss {
  const known = Object.keys(losses);
  if (!known.includes(name)) throw new InputError(`loss: found ${quote(name)}, expected one of ${known.join(", ")}`);
  if (!(settings.beta > 0 && Number.isFinite(settings.beta))) {
    throw new InputError(`beta: found ${quote(settings.beta)}, expected a number above 0`);
  }
  return losses[name as LossName](settings);
}
