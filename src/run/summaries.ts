import type { PairLoss } from "../align/pair-objective.js";
import { InputError } from "../base/errors.js";
import { callOwn, interruptGrace } from "../base/own-function.js";
import { reportedIfSlow } from "../base/task.js";
import type { Policy } from "../model/policy/policy.js";
import type { RunContext, WorkKind } from "./context.js";
import { evaluateHeldOut } from "./evaluation.js";
import { runLayout } from "./folder/layout.js";
import type { RunInput } from "./input.js";
import type { KeptEvaluation } from "./kept-evaluation.js";
import type { ModelCache } from "./model-cache.js";
import { generationOptions, type MethodOptions } from "./options/index.js";
import type { IterationSummary, RunSummary, TrainedOn } from "./summary.js";

/** Evaluates the model of each finished iteration, and summarizes the finished run. */
export class Summaries {
  private readonly iterations: Omit<IterationSummary, "seconds">[] = [];

  constructor(
    private readonly input: Pick<RunInput, "start" | "heldOut" | "evaluate">,
    private readonly options: MethodOptions,
    private readonly loss: PairLoss,
    private readonly cache: ModelCache,
    private readonly context: RunContext,
  ) {}

  /**
   * Evaluates the model of an iteration and adds its row.
   *
   * @param iteration one more than in the last call, starting at 0
   */
  async add(iteration: number, trainedOn: TrainedOn | null, pairsSeen: number, kept?: KeptEvaluation): Promise<void> {
    const { folder } = this.context;
    // The samples are labelled and the policy is trained, so the unlabelled samples are no longer needed.
    await folder.discard(runLayout.iteration(iteration).drawn.path);
    const evaluation = await this.evaluateHeldOut(iteration);
    const metrics = await this.userMetrics(iteration);
    const memory = folder.memoryChoice(iteration);
    this.iterations.push({
      iteration,
      pairsSelected: trainedOn?.pairsSelected ?? null,
      pairsBootstrapped: trainedOn?.pairsBootstrapped ?? null,
      pairsSeen,
      bootstrap: trainedOn?.bootstrap ?? null,
      ...evaluation,
      ...(metrics && { metrics }),
      ...(memory && { memory }),
      ...(kept && { kept }),
    });
  }

  /**
   * Writes the summary of the run.
   *
   * @param labelledBy what labelled the samples; null if there were none
   */
  async write(method: string, labelledBy: string | null): Promise<RunSummary> {
    const { folder } = this.context;
    const graded = await this.gradedByJudge();
    const summary: RunSummary = {
      ...{ method, loss: this.loss.name, labelledBy },
      ...(graded !== undefined && { graded }),
      seed: this.options.seed,
      iterations: this.iterations.map((row) => ({ ...row, seconds: this.secondsOf(row.iteration) })),
      ...(this.input.evaluate && { evaluate: this.input.evaluate.identity }),
    };
    return folder.json(runLayout.summary, async () => summary);
  }

  /** Returns how many responses a judge has graded in all iterations; undefined if none. */
  private async gradedByJudge(): Promise<number | undefined> {
    const { folder } = this.context;
    let total: number | undefined;
    for (const { iteration } of this.iterations) {
      const { labels } = runLayout.iteration(iteration);
      const { graded } = folder.isDone(labels.path) ? await folder.readJson(labels) : {};
      if (graded !== undefined) total = (total ?? 0) + graded;
    }
    return total;
  }

  /**
   * Returns the seconds that an iteration has taken. Those of iteration 0, the reference, may grow until the last
   * iteration.
   */
  private secondsOf(iteration: number): IterationSummary["seconds"] {
    const of = (kind: WorkKind) => this.context.folder.secondsOf(iteration, kind);
    return { training: of("training"), scoring: of("scoring"), sampling: of("sampling"), evaluation: of("evaluation") };
  }

  private async evaluateHeldOut(t: number) {
    const { heldOut } = this.input;
    if (!heldOut) return { accuracy: null, meanMargin: null };
    const settings = {
      loss: this.loss,
      generation: generationOptions(this.options),
      seed: this.options.seed,
      cache: this.cache,
      textOf: (tokens: Int32Array) => this.input.start.tokenizer.decode(tokens),
    };
    return this.context.folder.json(runLayout.iteration(t).evaluation, () =>
      this.context.timed(t, "evaluation", () => evaluateHeldOut(this.context, t, heldOut, settings)),
    );
  }

  /** Returns the results of the user's own evaluation; recomputes them if the evaluation has changed. */
  private async userMetrics(t: number): Promise<Readonly<Record<string, number | null>> | undefined> {
    const { evaluate } = this.input;
    if (!evaluate) return undefined;
    const { folder } = this.context;
    const file = runLayout.iteration(t).userMetrics;
    if (folder.isDone(file.path) && (await folder.readJson(file)).identity !== evaluate.identity)
      await folder.discard(file.path);
    const model = await this.context.model(t);
    const { controls } = this.context;
    const own = (policy: Policy) =>
      callOwn(`evaluate: your function for iteration ${t}`, async () => evaluate.evaluate(policy, t), {
        ...{ signal: controls.signal, grace: interruptGrace },
      });
    const { metrics } = await folder.json(file, async () => ({
      identity: evaluate.identity,
      metrics: await this.context.timed(t, "evaluation", async () =>
        this.context.executor.withPolicy(model, async (policy) =>
          checkedMetrics(await reportedIfSlow(this.context.label("evaluate", t), controls, () => own(policy))),
        ),
      ),
    }));
    return metrics;
  }
}

/** @throws InputError if the figures are not numbers by name */
function checkedMetrics(found: unknown): Record<string, number | null> {
  const isRecord =
    found !== null && typeof found === "object" && Object.values(found).every((value) => typeof value === "number");
  if (!isRecord)
    throw new InputError(`evaluate: returned ${JSON.stringify(found)}, expected an object of numbers by name`);
  return Object.fromEntries(
    Object.entries(found as Record<string, number>).map(([name, value]) => [
      name,
      Number.isFinite(value) ? value : null,
    ]),
  );
}
