import { InputError, quote } from "../base/errors.js";
import { checkOptionNames } from "../base/option-names.js";
import { regularizedValues, trust } from "./regularized-values.js";

/** A step in the data. */
export interface Transition {
  readonly state: number;
  readonly action: number;
  readonly reward: number;
  /** The next state; undefined if the step ended the episode. */
  readonly next?: number | undefined;
}

/** Options of offline learning. */
export interface OfflineOptions {
  readonly states: number;
  readonly actions: number;
  /** α of the regularization, above 0. */
  readonly alpha: number;
  /** γ, in [0, 1). */
  readonly discount: number;
  /** Sweeps over all states. Default 200. */
  readonly sweeps?: number;
}

/** The result of offline learning. */
export interface OfflineValues {
  /** Q(s, a): a list of actions for each state. */
  readonly values: readonly (readonly number[])[];
  /** The action with the largest value in each state; of equal ones, the one more frequent in the data. */
  readonly policy: readonly number[];
  /** The frequency of each action in each state of the data; all 0 for a state that is not in the data. */
  readonly behaviour: readonly (readonly number[])[];
  /** The weight of each action's target; see {@link trust}. */
  readonly trust: readonly (readonly number[])[];
}

/**
 * Learns to act from recorded steps alone, by fitted Q iteration with values regularized in closed form
 * ({@link regularizedValues}): the target of an action is its mean reward plus γ times the value of the next state, and the
 * baseline of a state is the value of the data's behaviour there. Values of actions that are not in the data cannot grow: they
 * equal the behaviour's. For states that are not in the data, nothing is known and everything is 0.
 *
 * @throws InputError if there are no steps, one has an invalid state or action, or an option is outside its range
 */
export function offlineValues(transitions: readonly Transition[], options: OfflineOptions): OfflineValues {
  checkOptionNames("offlineValues", options, ["states", "actions", "alpha", "discount", "sweeps"]);
  const { states, actions, alpha, discount, sweeps = 200 } = options;
  for (const [name, value] of Object.entries({ states, actions, sweeps }))
    if (!(Number.isSafeInteger(value) && value >= 1))
      throw new InputError(`${name}: found ${quote(value)}, expected a whole number from 1`);
  if (!Array.isArray(transitions))
    throw new InputError(
      `transitions: found ${quote(transitions)}, expected a list of steps { state, action, reward, next }`,
    );
  if (transitions.length === 0) throw new InputError("no steps to learn from");
  if (!(typeof discount === "number" && discount >= 0 && discount < 1))
    throw new InputError(`discount: found ${quote(discount)}, expected a number in [0, 1)`);
  const isIn = (place: unknown, count: number) =>
    typeof place === "number" && Number.isInteger(place) && place >= 0 && place < count;
  const isStep = (step: Partial<Transition> | null | undefined) =>
    isIn(step?.state, states) &&
    isIn(step?.action, actions) &&
    (step?.next === undefined || isIn(step.next, states)) &&
    Number.isFinite(step?.reward);
  const odd = transitions.findIndex((step) => !isStep(step));
  if (odd >= 0)
    throw new InputError(
      `found the step ${quote(transitions[odd])} at ${odd}, expected one of ${states} states and ${actions} actions, with a finite reward`,
    );

  const of = Array.from({ length: states }, () => Array.from({ length: actions }, (): Transition[] => []));
  for (const step of transitions) of[step.state]![step.action]!.push(step);
  const behaviour = of.map((byAction) => {
    const visits = byAction.reduce((sum, steps) => sum + steps.length, 0);
    return byAction.map((steps) => (visits === 0 ? 0 : steps.length / visits));
  });
  const isVisited = behaviour.map((shares) => shares.some((share) => share > 0));
  /** Mean reward plus discounted value of the next states, for each action. */
  const targets = (valueOf: readonly number[]) =>
    of.map((byAction) =>
      byAction.map(
        (steps) =>
          steps.reduce(
            (sum, { reward, next }) => sum + reward + (next === undefined ? 0 : discount * valueOf[next]!),
            0,
          ) / steps.length,
      ),
    );
  const mean = (shares: readonly number[], values: readonly number[]) =>
    shares.reduce((sum, share, i) => sum + (share === 0 ? 0 : share * values[i]!), 0);

  let baseline = new Array<number>(states).fill(0);
  for (let sweep = 0; sweep < sweeps; sweep++)
    baseline = targets(baseline).map((own, state) => mean(behaviour[state]!, own));
  const zeros = new Array<number>(actions).fill(0);
  let values = of.map(() => zeros);
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const best = values.map((own) => Math.max(...own));
    values = targets(best).map((own, state) =>
      isVisited[state]
        ? regularizedValues({ behaviour: behaviour[state]!, targets: own, baseline: baseline[state]! }, alpha)
        : zeros,
    );
  }
  const policy = values.map((own, state) => {
    const isBetter = (a: number, b: number) =>
      own[a]! > own[b]! || (own[a] === own[b] && behaviour[state]![a]! > behaviour[state]![b]!);
    return own.reduce((best, _, action) => (isBetter(action, best) ? action : best), 0);
  });
  return { values, policy, behaviour, trust: behaviour.map((shares) => trust(shares, alpha)) };
}
