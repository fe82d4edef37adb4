import type { Random } from "../base/random.js";
import type { Parameters } from "../model/parameters/parameters.js";
import type { Policy } from "../model/policy/policy.js";
import type { Metrics } from "./objective.js";

/**
 * Makes the examples of a training while it goes on, where they depend on the policy as it is by then. The training is
 * planned by examples that stand in for them, each as large as any that may be made of it.
 */
export interface ExampleSource<Example> {
  /**
   * As many examples for a step as it is planned to have. What it keeps must not change before {@link follow}: a step that
   * was stopped is asked for again.
   *
   * @param step from 1
   * @param planned which stand-ins the step was planned with, by index
   * @throws the signal's reason where it asked to stop
   */
  next(step: number, planned: readonly number[], signal?: AbortSignal): Promise<readonly Example[]>;
  /** The step was taken, and the policy is what it has become. */
  follow(policy: Policy, step: number): Promise<void>;
  /** What it reports of the step that was taken last. */
  readonly metrics: Metrics;
  /** What a reference that moves follows; undefined where that is the policy. */
  readonly leader: Policy | undefined;
  /** Seconds that {@link next} has sampled. */
  readonly samplingSeconds: number;
  /** Copies of all that the next step depends on: tensors by name, whole numbers among them below 2²⁴. */
  state(): Promise<Parameters>;
  free(): Promise<void>;
}

/**
 * Begins a source for a training of a policy, or goes on with one.
 *
 * @param standIns the examples that the training is planned by
 * @param kept the {@link ExampleSource.state} of an earlier one. Default: it begins
 */
export type ExampleSourceOf<Example> = (
  policy: Policy,
  standIns: readonly Example[],
  random: Random,
  kept?: Parameters,
) => Promise<ExampleSource<Example>>;
