import { mul, sigmoid, sub, type Value } from "../../../graph/index.js";

/** cap · tanh(x / cap), which stays between −cap and cap; x itself without a cap (Gemma 2: arXiv 2408.00118). */
export function softCap(x: Value, cap: number | undefined): Value {
  // tanh(t) = 2σ(2t) − 1
  return cap === undefined ? x : mul(sub(sigmoid(mul(x, 2 / cap)), 0.5), 2 * cap);
}
