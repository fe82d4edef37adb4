import { defaultsOf } from "../base/option.js";
import { InputError } from "../base/errors.js";
import type { Method } from "../run/method.js";
import { givenNames, methodForm, resolveOptions, sftForm, type SftOptions } from "../run/options/index.js";

/** Options of {@link sftOnDemonstrations}. */
export interface DemonstrationOptions extends Partial<SftOptions> {
  /** Seed of everything random. Default 0. */
  readonly seed?: number;
}

/**
 * Creates the method of supervised fine-tuning on demonstrations: −log π(y | x) of their responses. The trained model
 * is the run's iteration 0, from which other methods can start.
 *
 * @throws InputError if an option is unknown or outside its range
 */
export function sftOnDemonstrations(options: DemonstrationOptions = {}): Method {
  const resolved = resolveOptions(sftForm, options);
  return {
    name: "sft",
    version: "1",
    options: { ...defaultsOf(methodForm.table), ...resolved, loss: "nll", iterations: 0 },
    given: givenNames(options),
    check({ demonstrations }) {
      if (demonstrations === undefined)
        throw new InputError("this method trains on demonstrations; pass `demonstrations`");
    },
    async run(stages) {
      await stages.begin();
    },
  };
}
