/** The loss or a gradient became NaN or infinite. */
export class DivergenceError extends Error {
  override readonly name = "DivergenceError";
}
