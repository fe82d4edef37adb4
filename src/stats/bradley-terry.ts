/** P(a ≻ b) = σ((a − b) / temperature) of two scores (Bradley and Terry 1952). */
export function preferenceProbability(a: number, b: number, temperature: number): number {
  return 1 / (1 + Math.exp((b - a) / temperature));
}
