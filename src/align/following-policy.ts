import type { Parameters } from "../model/parameters/parameters.js";
import type { Policy } from "../model/policy/policy.js";
import { mixed } from "./moving-average.js";

/** How a policy follows a leader: after every `everySteps` steps it becomes (1 − weight)·itself + weight·leader. */
export interface Following {
  /** Infinity: never. */
  readonly everySteps: number;
  /** In [0, 1]. */
  readonly weight: number;
}

/** A policy that follows another policy during its training. */
export class FollowingPolicy {
  private constructor(
    /** The current follower. */
    readonly policy: Policy,
    private readonly following: Following,
  ) {}

  /** @param parameters current parameters of the follower, which shares the config and base of `policy` */
  static async begin(policy: Policy, parameters: Parameters, following: Following): Promise<FollowingPolicy> {
    return new FollowingPolicy(await policy.withParameters(parameters), following);
  }

  /** Updates the follower after a step. */
  async follow(leader: Policy, step: number): Promise<void> {
    const { everySteps, weight } = this.following;
    if (step % everySteps !== 0) return;
    const newest = await leader.parameters();
    await this.policy.replace(weight === 1 ? newest : mixed(await this.policy.parameters(), newest, weight));
  }

  /** Returns copies of its parameters. */
  parameters(): Promise<Parameters> {
    return this.policy.parameters();
  }

  async free(): Promise<void> {
    await this.policy.free();
  }
}
