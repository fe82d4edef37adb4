import type { Random } from "../base/random.js";
import { mean } from "./mean.js";
import { bootstrapIntervalOf, type Interval } from "./interval.js";

/** Result of a response against its rival. */
export interface Contest {
  /** 1 for a win, ½ for a tie, 0 for a loss. */
  readonly win: number;
  /** Its length minus its rival's. */
  readonly difference: number;
}

/** Strength of the L2 penalty on φ, equivalent to a normal prior with standard deviation 3.2: weak, but keeps φ finite. */
const ridge = 0.1;

/**
 * Computes the win rate at equal lengths (length-controlled AlpacaEval, Dubois et al. 2024, arXiv 2404.04475), with its
 * 95 % bootstrap interval over prompts.
 *
 * A logistic regression explains the wins, P(win) = σ(θ + φ · tanh(d / s)), where d is the difference in length and s
 * its standard deviation; σ(θ) is the prediction at d = 0. These are the model and length terms of the paper's model,
 * with a weak L2 penalty on φ. The paper's third term, the difficulty of each instruction, is estimated there from many
 * models' answers to the same instructions; it is omitted here because there are only two models. The penalty is fixed,
 * not cross-validated.
 *
 * @returns null if the difference in length is the same everywhere and not 0, because length and model are then indistinguishable
 * @throws RangeError if there are no contests
 */
export function lengthControlledWinRate(contests: readonly Contest[], random: Random): Interval | null {
  if (contests.length === 0) throw new RangeError("a win rate of no contests");
  const centre = mean(contests.map(({ difference }) => difference));
  const deviation = Math.sqrt(mean(contests.map(({ difference }) => (difference - centre) ** 2)));
  if (deviation === 0 && centre !== 0) return null;
  const points = contests.map(({ win, difference }) => ({
    win,
    x: deviation === 0 ? 0 : Math.tanh(difference / deviation),
  }));
  return bootstrapIntervalOf(points, rateAtEqualLength, random);
}

interface Point {
  readonly win: number;
  readonly x: number;
}

/** σ(θ) of the regression, by Newton's method with halved steps; the penalised likelihood is concave. */
function rateAtEqualLength(points: readonly Point[]): number {
  // If all are wins or all are losses, θ has no finite maximum, but its limit is known.
  const [{ win: first }] = points as [Point];
  if ((first === 0 || first === 1) && points.every(({ win }) => win === first)) return first;
  let at = { theta: 0, phi: 0 };
  let value = logLikelihood(points, at);
  for (let step = 0; step < 100; step++) {
    const direction = newtonStep(points, at);
    let next = at;
    let gain = 0;
    for (let size = 1; size > 1e-6; size /= 2) {
      next = { theta: at.theta + size * direction.theta, phi: at.phi + size * direction.phi };
      gain = logLikelihood(points, next) - value;
      if (gain >= 0) break;
    }
    if (!(gain > 1e-12 * points.length)) break;
    at = next;
    value += gain;
  }
  return logistic(at.theta);
}

interface Coefficients {
  readonly theta: number;
  readonly phi: number;
}

function logLikelihood(points: readonly Point[], { theta, phi }: Coefficients): number {
  return points.reduce(
    (sum, { win, x }) => sum + win * (theta + phi * x) - softplus(theta + phi * x),
    (-ridge / 2) * phi ** 2,
  );
}

/** H⁻¹ g of the negative log-likelihood's Hessian H and the log-likelihood's gradient g. */
function newtonStep(points: readonly Point[], { theta, phi }: Coefficients): Coefficients {
  let [gTheta, gPhi, hTheta, hBoth, hPhi] = [0, -ridge * phi, 0, 0, ridge];
  for (const { win, x } of points) {
    const p = logistic(theta + phi * x);
    const weight = p * (1 - p);
    gTheta += win - p;
    gPhi += (win - p) * x;
    hTheta += weight;
    hBoth += weight * x;
    hPhi += weight * x ** 2;
  }
  const determinant = hTheta * hPhi - hBoth ** 2;
  return { theta: (hPhi * gTheta - hBoth * gPhi) / determinant, phi: (hTheta * gPhi - hBoth * gTheta) / determinant };
}

function logistic(x: number): number {
  return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x));
}

/** ln(1 + eˣ) without overflow. */
function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}
