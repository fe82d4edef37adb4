import type { ModelConfig } from "../config.js";
import { parameterBytes } from "../parameters/memory.js";
import { parameterCount } from "../parameters/parameters.js";

/** Copies of frozen parameters: each session holds one, and there are up to two sessions. */
export const frozenCopies = 2;

/*
 * Creating a session with frozen parameters takes a fixed time plus a time per parameter. For a large model, both this time and
 * the time saved per token grow with the parameter count (docs/benchmarks.md, docs/log.md).
 */

/**
 * At 40M parameters, where both times are proportional to the weights, creating a session takes as long as it saves in 20 to 40
 * steps.
 */
const leastSteps = 32;

/**
 * Parameters times steps. Below 31M parameters the fixed time dominates: at 6.8M it takes 100 to 150 tokens to recoup, and this
 * constant is the upper end of that range. At 0.8M, generating 1,000 responses in steps of 128 takes .75 of the time, including
 * session creation.
 */
const leastWork = 1e9;

/**
 * Whether to freeze parameters if there is memory for their copies. Earlier generation must not influence this, even if it has
 * already created the session: a resumed run would otherwise generate other responses than an uninterrupted one.
 *
 * @param steps upper limit over all batches of a call, including those that are skipped
 */
export function freezesParameters(config: ModelConfig, steps: number, memory = Infinity): boolean {
  // Quantised weights that are not frozen are dequantised to float32 at each token.
  const pays = config.weights !== undefined || (steps >= leastSteps && parameterCount(config) * steps >= leastWork);
  return pays && (2 + frozenCopies) * parameterBytes(config) <= memory;
}
