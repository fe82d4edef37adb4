import { reported, type TaskOptions } from "../base/task.js";
import type { Executor, ModelRef } from "./executor.js";
import { runLayout } from "./folder/layout.js";
import type { RunFolder } from "./folder/run-folder.js";
import type { RunControls } from "./input.js";

/** What the work of an iteration is counted as. */
export type WorkKind = "training" | "scoring" | "sampling" | "evaluation";

/** Where a run is done: its folder, what does the work, and how its progress is shown and stopped. */
export class RunContext {
  /** Models whose files have been checked; digests of large ones take seconds. */
  private readonly checked = new Set<string>();

  constructor(
    readonly folder: RunFolder,
    readonly executor: Executor,
    readonly controls: RunControls,
    private readonly iterations: number,
  ) {}

  /**
   * The trained model of an iteration. Its files are checked when it is asked for the first time.
   *
   * @throws InputError where its files are not what the run wrote
   */
  async model(iteration: number): Promise<Exclude<ModelRef, "start">> {
    const { model } = runLayout.iteration(iteration);
    if (!this.checked.has(model)) await this.folder.verifyFolder(model);
    this.checked.add(model);
    return { folder: this.folder.file(model) };
  }

  /** Does work of an iteration, with its progress, in responses, shown under a label. Its time counts, also where it is interrupted. */
  async measured<T>(
    iteration: number,
    kind: WorkKind,
    label: string,
    work: (task: TaskOptions) => Promise<T>,
  ): Promise<T> {
    return this.timed(iteration, kind, () => reported(this.label(label, iteration), "responses", this.controls, work));
  }

  /** Does work of an iteration; its time counts, also where it is interrupted. */
  async timed<T>(iteration: number, kind: WorkKind, work: () => Promise<T>): Promise<T> {
    const begin = performance.now();
    const count = () => this.folder.addSeconds(iteration, kind, (performance.now() - begin) / 1000);
    try {
      const result = await work();
      count();
      return result;
    } catch (error) {
      count();
      // The error is what matters: a full disk takes no seconds either.
      await this.folder.save().catch(() => undefined);
      throw error;
    }
  }

  /** What a phase of an iteration is called. */
  label(label: string, iteration: number): string {
    return iteration === 0 ? label : `${label} ${iteration}/${this.iterations}`;
  }
}
