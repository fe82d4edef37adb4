import type { Parameters } from "../model/parameters/parameters.js";
import type { Policy } from "../model/policy/policy.js";
import { mixed } from "./moving-average.js";

/** How a policy follows another: after every `everySteps` steps it becomes (1 − weight)·itself + weight·the other. */
export interface Following {
  /** Infinity: it never moves. */
  readonly everySteps: number;
  /** In [0, 1]. */
  readonly weight: number;
}

/** A policy that follows another one while that is trained. */
export class FollowingPolicy {
  private constructor(
    /** As it is now. */
    readonly policy: Policy,
    private readonly following: Following,
  ) {}

  /** @param parameters of the follower as it is now; the config and the base of `policy` are its own too */
  static async begin(policy: Policy, parameters: Parameters, following: Following): Promise<FollowingPolicy> {
    return new FollowingPolicy(await policy.withParameters(parameters), following);
  }

  /** Lets it follow after a step. */
  async follow(leader: Policy, step: number): Promise<void> {
    const { everySteps, weight } = this.following;
    if (step % everySteps !== 0) return;
    const newest = await leader.parameters();
    await this.policy.replace(weight === 1 ? newest : mixed(await this.policy.parameters(), newest, weight));
  }

  /** Copies of its parameters. */
  parameters(): Promise<Parameters> {
    return this.policy.parameters();
  }

  async free(): Promise<void> {
    await this.policy.free();
  }
}
