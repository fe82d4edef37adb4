import { reported, type TaskOptions } from "../base/task.js";
import type { Executor, ModelRef } from "./executor.js";
import { runLayout } from "./folder/layout.js";
import type { RunFolder } from "./folder/run-folder.js";
import type { RunControls } from "./input.js";

/** The kind of work that an iteration's seconds count towards. */
export type WorkKind = "training" | "scoring" | "sampling" | "evaluation";

/** The environment of a run: its folder, its executor, and its progress and cancellation controls. */
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
   * Returns the trained model of an iteration. Its files are checked on first use.
   *
   * @throws InputError if its files differ from those that the run wrote
   */
  async model(iteration: number): Promise<Exclude<ModelRef, "start">> {
    const { model } = runLayout.iteration(iteration);
    if (!this.checked.has(model)) await this.folder.verifyFolder(model);
    this.checked.add(model);
    return { folder: this.folder.file(model) };
  }

  /**
   * Runs work of an iteration, with its progress in responses shown under a label. Its time counts even if it is
   * interrupted.
   */
  async measured<T>(
    iteration: number,
    kind: WorkKind,
    label: string,
    work: (task: TaskOptions) => Promise<T>,
  ): Promise<T> {
    return this.timed(iteration, kind, () => reported(this.label(label, iteration), "responses", this.controls, work));
  }

  /** Runs work of an iteration; its time counts even if it is interrupted. */
  async timed<T>(iteration: number, kind: WorkKind, work: () => Promise<T>): Promise<T> {
    const begin = performance.now();
    const count = () => this.folder.addSeconds(iteration, kind, (performance.now() - begin) / 1000);
    try {
      const result = await work();
      count();
      return result;
    } catch (error) {
      count();
      // The original error matters more: on a full disk, saving the seconds fails too.
      await this.folder.save().catch(() => undefined);
      throw error;
    }
  }

  /** Returns the label of a phase of an iteration. */
  label(label: string, iteration: number): string {
    return iteration === 0 ? label : `${label} ${iteration}/${this.iterations}`;
  }
}
