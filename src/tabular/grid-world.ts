import { InputError, quote } from "../base/errors.js";
import type { Random } from "../base/random.js";
import type { Transition } from "./offline-values.js";

/** Up, right, down, left: the change of row and column. */
const moves = [
  [-1, 0],
  [0, 1],
  [1, 0],
  [0, -1],
] as const;

/** The size and risks of a grid. */
export interface GridOptions {
  /** Cells per side, at least 2. Default 5. */
  readonly size?: number;
  /** Probability that a step goes in a random direction instead. Default 0.1. */
  readonly slip?: number;
  /** Standard deviation of the noise of each reward. Default 0.5. */
  readonly noise?: number;
  /** γ. Default 0.95. */
  readonly discount?: number;
}

/**
 * A grid to cross from the top left to the bottom right, as a visual example of offline learning: a step costs 0.04, the goal
 * earns 1, the pits beside the diagonal cost 1, and goal and pits end the episode. States are cells, row by row; actions are up,
 * right, down and left.
 */
export class GridWorld {
  readonly size: number;
  readonly states: number;
  readonly actions = moves.length;
  readonly discount: number;
  private readonly slip: number;
  private readonly noise: number;

  /** @throws InputError if an option is outside its range */
  constructor({ size = 5, slip = 0.1, noise = 0.5, discount = 0.95 }: GridOptions = {}) {
    if (!(Number.isInteger(size) && size >= 2))
      throw new InputError(`size: found ${quote(size)}, expected a whole number from 2`);
    if (!(slip >= 0 && slip <= 1)) throw new InputError(`slip: found ${quote(slip)}, expected a share in [0, 1]`);
    if (!(noise >= 0 && noise < Infinity))
      throw new InputError(`noise: found ${quote(noise)}, expected a number from 0`);
    if (!(discount >= 0 && discount < 1))
      throw new InputError(`discount: found ${quote(discount)}, expected a number in [0, 1)`);
    [this.size, this.states, this.slip, this.noise, this.discount] = [size, size * size, slip, noise, discount];
  }

  /** Possible outcomes of a step with their probabilities, without reward noise. */
  outcomes(
    state: number,
    action: number,
  ): readonly { readonly chance: number; readonly reward: number; readonly next?: number }[] {
    return moves.map((_, direction) => {
      const chance = this.slip / moves.length + (direction === action ? 1 - this.slip : 0);
      const next = this.moved(state, direction);
      const end = this.endReward(next);
      return end === undefined ? { chance, reward: -stepCost, next } : { chance, reward: end - stepCost };
    });
  }

  /**
   * Generates an offline data set: episodes of a behaviour that heads for the goal with some skill and otherwise moves at random.
   *
   * @param skill probability that a step goes right or down
   * @param most steps of an episode. Default 4 · states
   */
  episodes(count: number, skill: number, random: Random, most = 4 * this.states): Transition[] {
    const steps: Transition[] = [];
    for (let episode = 0; episode < count; episode++) {
      let state: number | undefined = 0;
      for (let step = 0; step < most && state !== undefined; step++) {
        const action = random.uniform() < skill ? random.pick([1, 2]) : random.integer(moves.length);
        const { reward, next } = this.drawn(state, action, random);
        steps.push({ state, action, reward: reward + this.noise * random.normal(), next });
        state = next;
      }
    }
    return steps;
  }

  /**
   * A policy's discounted return from the start: exact, by sweeps over all states.
   *
   * @throws InputError if the policy does not have an action for each state, or `sweeps` is not at least 1
   */
  valueOf(policy: readonly number[], sweeps = 500): number {
    const isAction = (action: unknown) =>
      Number.isInteger(action) && (action as number) >= 0 && (action as number) < this.actions;
    if (!Array.isArray(policy) || policy.length !== this.states || !policy.every(isAction))
      throw new InputError(
        `policy: found ${quote(policy)}, expected an action from 0 to ${this.actions - 1} for each of the ${this.states} states`,
      );
    if (!(Number.isSafeInteger(sweeps) && sweeps >= 1))
      throw new InputError(`sweeps: found ${quote(sweeps)}, expected a whole number from 1`);
    let values = new Array<number>(this.states).fill(0);
    for (let sweep = 0; sweep < sweeps; sweep++) {
      values = values.map((_, state) =>
        this.outcomes(state, policy[state]!).reduce(
          (sum, { chance, reward, next }) =>
            sum + chance * (reward + (next === undefined ? 0 : this.discount * values[next]!)),
          0,
        ),
      );
    }
    return values[0]!;
  }

  private drawn(state: number, action: number, random: Random) {
    let left = random.uniform();
    const all = this.outcomes(state, action);
    return all.find(({ chance }) => (left -= chance) < 0) ?? all.at(-1)!;
  }

  /** The cell that a step leads to: the same one at the edge. */
  private moved(state: number, direction: number): number {
    const [down, right] = moves[direction]!;
    const [row, column] = [Math.floor(state / this.size) + down, (state % this.size) + right];
    const isInside = row >= 0 && row < this.size && column >= 0 && column < this.size;
    return isInside ? row * this.size + column : state;
  }

  /** The reward for ending the episode in a cell; undefined if it continues. */
  private endReward(state: number): number | undefined {
    const [row, column] = [Math.floor(state / this.size), state % this.size];
    if (state === this.states - 1) return 1;
    return row - column === 2 && row < this.size - 1 ? -1 : undefined;
  }
}

const stepCost = 0.04;
