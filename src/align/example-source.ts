import type { Random } from "../base/random.js";
import type { Parameters } from "../model/parameters/parameters.js";
import type { Policy } from "../model/policy/policy.js";
import type { Metrics } from "./objective.js";

/**
 * Generates the examples of a training while it runs, if they depend on the current policy. The training is planned
 * with stand-ins, each at least as large as any example generated from it.
 */
export interface ExampleSource<Example> {
  /**
   * Returns the planned number of examples for a step. Its state must not change before {@link follow}: an interrupted
   * step is requested again.
   *
   * @param step from 1
   * @param planned indices of the stand-ins that the step was planned with
   * @throws the signal's reason if it was aborted
   */
  next(step: number, planned: readonly number[], signal?: AbortSignal): Promise<readonly Example[]>;
  /** Called after a step with the updated policy. */
  follow(policy: Policy, step: number): Promise<void>;
  /** Metrics of the last step. */
  readonly metrics: Metrics;
  /** The model that a moving reference follows; undefined if that is the policy. */
  readonly leader: Policy | undefined;
  /** Seconds that {@link next} has spent sampling. */
  readonly samplingSeconds: number;
  /** Returns copies of everything that the next step depends on: tensors by name, with integers below 2²⁴. */
  state(): Promise<Parameters>;
  free(): Promise<void>;
}

/**
 * Creates a source for a training of a policy, or restores one.
 *
 * @param standIns the examples that the training is planned with
 * @param kept the {@link ExampleSource.state} of an earlier source. Default: a fresh source
 */
export type ExampleSourceOf<Example> = (
  policy: Policy,
  standIns: readonly Example[],
  random: Random,
  kept?: Parameters,
) => Promise<ExampleSource<Example>>;
