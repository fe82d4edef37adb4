import { InputError, quote } from "../base/errors.js";

/** Offline data about the actions of one state, one entry per action: of a bandit, or of a prompt and its candidate responses. */
export interface ActionData {
  /** π_b(a | s), the frequency of each action in the data; they add up to 1, and 0 marks an action that is not in the data. */
  readonly behaviour: readonly number[];
  /** T(s, a), the value of each action according to the data; not read for actions that are not in the data. */
  readonly targets: readonly number[];
  /** b(s), the value of an action about which nothing is known. */
  readonly baseline: number;
}

/**
 * Values under adaptive behaviour regularization: the minimiser of E_{a∼D}(Q − T)² + α·E_{a∼U}(Q − b)², Q* = (π_b·T + α·u·b) /
 * (π_b + α·u) with u = 1/|A|. Where data are dense, values follow the targets; where they are sparse, values fall back to the
 * baseline; an action that is not in the data has exactly the baseline value. As α → 0, actions in the data are ranked by T; as α
 * → ∞, by π_b·(T − b).
 *
 * After ABR (arXiv 2211.08251), of which only the abstract could be read: regularization by uniformly sampled actions, with a
 * closed form that interpolates between cloning and improving. This loss and its minimiser are our reading of it.
 *
 * @param alpha α, above 0
 * @throws InputError if lists differ in length, the behaviour is not a distribution, a number is not finite, or α is not above 0,
 *   in which case actions that are not in the data would have no value
 */
export function regularizedValues(data: ActionData, alpha: number): number[] {
  const { behaviour, targets, baseline } = checked(data, alpha);
  const values = trust(behaviour, alpha).map((share, action) =>
    behaviour[action] === 0 ? baseline : baseline + share * (targets[action]! - baseline),
  );
  if (values.every(Number.isFinite)) return values;
  throw new InputError(
    `the values of targets as far from the baseline ${baseline} as these, at alpha ${alpha}, leave float64; scale the targets, or raise alpha`,
  );
}

/** π_b / (π_b + α·u): the weight of each action's target, in [0, 1]. This is the adaptive part: Q* = b + trust · (T − b). */
export function trust(behaviour: readonly number[], alpha: number): number[] {
  const uniform = 1 / behaviour.length;
  return behaviour.map((share) => (share === 0 ? 0 : share / (share + alpha * uniform)));
}

/** The loss that {@link regularizedValues} minimises, at any values. */
export function regularizedLoss(values: readonly number[], data: ActionData, alpha: number): number {
  const { behaviour, targets, baseline } = checked(data, alpha);
  const uniform = 1 / values.length;
  return values.reduce((sum, value, action) => {
    const known = behaviour[action] === 0 ? 0 : behaviour[action]! * (value - targets[action]!) ** 2;
    return sum + known + alpha * uniform * (value - baseline) ** 2;
  }, 0);
}

function checked(data: ActionData, alpha: number): ActionData {
  const { behaviour, targets, baseline } = data;
  if (!(typeof alpha === "number" && alpha > 0 && alpha < Infinity))
    throw new InputError(`alpha: found ${quote(alpha)}, expected a number above 0`);
  if (behaviour.length === 0 || targets.length !== behaviour.length)
    throw new InputError(
      `found ${behaviour.length} shares and ${targets.length} targets, expected one of each for every action`,
    );
  const total = behaviour.reduce((sum, share) => sum + share, 0);
  if (!behaviour.every((share) => share >= 0) || Math.abs(total - 1) > 1e-9)
    throw new InputError(`behaviour: found shares that add up to ${total}, expected a distribution over the actions`);
  const isKnown = behaviour.every((share, action) => share === 0 || Number.isFinite(targets[action]));
  if (!isKnown || !Number.isFinite(baseline))
    throw new InputError("found a target or a baseline that is not a finite number");
  return data;
}
