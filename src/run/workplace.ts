import type { RunFolder } from "../align/run-folder.js";
import type { Stopwatch } from "../align/stopwatch.js";
import { reported, type TaskOptions } from "../base/task.js";
import type { ProgramCache } from "../engine/program-cache.js";
import type { Policy } from "../model/policy.js";
import { loadPolicy } from "../model/policy-files.js";
import type { RunControls } from "./input.js";

/** Where a run is done: its folder, the engine's programs, and how its work is shown and timed. */
export class Workplace {
  constructor(
    readonly folder: RunFolder,
    readonly programs: ProgramCache,
    readonly watch: RunControls,
    readonly stopwatch: Stopwatch,
    private readonly base: Policy | undefined,
    private readonly iterations: number,
  ) {}

  /** The trained policy of an iteration. */
  policy(iteration: number): Promise<Policy> {
    return loadPolicy(this.programs, this.folder.file(`iteration-${iteration}/model`), this.base);
  }

  /**
   * Does work with the policy of an iteration, shown and timed.
   *
   * @param iteration whose work it is
   * @param policyOf whose policy does it
   */
  measured<T>(
    iteration: number,
    kind: string,
    label: string,
    policyOf: number,
    work: (policy: Policy, inner: TaskOptions) => Promise<T>,
  ): Promise<T> {
    return this.stopwatch.measure(iteration, kind, () =>
      this.withPolicy(policyOf, (policy) => reported(this.label(label, iteration), this.watch, (inner) => work(policy, inner))),
    );
  }

  /** Does work with the policy of an iteration, which is freed afterwards. */
  async withPolicy<T>(iteration: number, work: (policy: Policy) => Promise<T>): Promise<T> {
    const policy = await this.policy(iteration);
    try {
      return await work(policy);
    } finally {
      await policy.free();
    }
  }

  /** What a phase of an iteration is called. */
  label(label: string, iteration: number): string {
    return iteration === 0 ? label : `${label} ${iteration}/${this.iterations}`;
  }
}
