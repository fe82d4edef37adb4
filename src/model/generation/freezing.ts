import type { ModelConfig } from "../config.js";
import { parameterBytes } from "../parameters/memory.js";
import { parameterCount } from "../parameters/parameters.js";

/** An engine's sessions with frozen parameters hold these once more each, and there are up to two. */
export const frozenCopies = 2;

/*
 * A session with frozen parameters costs a fixed time and one for each parameter, and both the saving of a token and that
 * time grow with the parameters of a large model (docs/benchmarks.md, docs/log.md).
 */

/** At 40M parameters, where both are as the weights, a session takes as long to make as it saves in 20 to 40 steps. */
const leastSteps = 32;

/**
 * Parameters times steps. Below 31M parameters the fixed time decides: at 6.8M it takes 100 to 150 tokens to get it back,
 * of which this is the upper end. At 0.8M, writing 1,000 responses in steps of 128 takes .75 of the time, the making of sessions included.
 */
const leastWork = 1e9;

/**
 * Whether parameters are frozen where there is the memory for their copies. What was written before must not decide, though it may
 * have made the session: a run that goes on would write otherwise than one that was never stopped.
 *
 * @param steps that all batches of a call may take, those that are left out included
 */
export function freezesParameters(config: ModelConfig, steps: number, memory = Infinity): boolean {
  // What is not frozen of quantised weights is made float32 at each token.
  const pays = config.weights !== undefined || (steps >= leastSteps && parameterCount(config) * steps >= leastWork);
  return pays && (2 + frozenCopies) * parameterBytes(config) <= memory;
}
