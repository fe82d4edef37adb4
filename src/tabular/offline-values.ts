import { InputError, quote } from "../base/errors.js";
import { checkOptionNames } from "../base/option-names.js";
import { regularizedValues, trust } from "./regularized-values.js";

/** A step that the data have. */
export interface Transition {
  readonly state: number;
  readonly action: number;
  readonly reward: number;
  /** Where it led; undefined where it ended the episode. */
  readonly next?: number | undefined;
}

/** What is learned from, and how. */
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

/** What was learned. */
export interface OfflineValues {
  /** Q(s, a): a list of actions for each state. */
  readonly values: readonly (readonly number[])[];
  /** The action of the largest value in each state; of equal ones the one that the data have more often. */
  readonly policy: readonly number[];
  /** How often the data take each action in each state; all 0 in a state that they do not visit. */
  readonly behaviour: readonly (readonly number[])[];
  /** How far each action's target is believed; see {@link trust}. */
  readonly trust: readonly (readonly number[])[];
}

/**
 * Learns to act from recorded steps alone, by fitted Q iteration whose values are regularized in closed form
 * ({@link regularizedValues}): the target of an action is its mean reward plus γ times the value of the state that
 * it leads to, and the baseline of a state is what the behaviour of the data is worth there. Values of actions that the data
 * do not have cannot grow: they are the behaviour's own. Of states that the data do not visit nothing is known, and all is 0.
 *
 * @throws InputError where there are no steps, one is of no such state or action, or an option is outside its range
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
  /** Mean reward and discounted value of where the steps of each action led. */
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
