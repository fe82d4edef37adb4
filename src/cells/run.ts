import type { ColumnTable } from "arquero";
import { stat } from "node:fs/promises";
import { inspect } from "node:util";
import { z } from "zod";
import { readHead } from "../align/head-files.js";
import type { PairLoss } from "../align/pair-objective.js";
import { counted } from "../base/counted.js";
import { InputError, missingError } from "../base/errors.js";
import type { ContextFit } from "../data/tokenize.js";
import type { EngineOptions } from "../engine/create-engine.js";
import { loadTokenizer } from "../model/tokenizer/load-tokenizer.js";
import type { Parameters } from "../model/parameters/parameters.js";
import type { Policy } from "../model/policy/policy.js";
import { lossOf, type LossOptions } from "../run/options/index.js";
import { displaySymbol, type MimeBundle } from "../base/mime.js";
import type { Uploaded } from "../hub/upload.js";
import { cell } from "../notebook/display.js";
import { showTable } from "../notebook/table/show-table.js";
import type { Reviewed } from "../review/index.js";
import { isRunFolder, readIdentity, type RunFacts } from "../run/folder/identity.js";
import { runLayout } from "../run/folder/layout.js";
import { RunFolder } from "../run/folder/run-folder.js";
import { workSeconds, type IterationSummary, type RunSummary } from "../run/summary.js";
import { programsOn, sharedPrograms } from "./programs.js";
import { pushRun, type PushRunOptions } from "./push-run.js";
import { openRunPolicy } from "./run-policy.js";
import { tableOf, textOf, withPromptId } from "./table-of.js";

const engineFacts = z.object({
  engine: z.string(),
  provider: z.string().exactOptional(),
  backend: z.string().exactOptional(),
});

const storedOptions = z.record(z.string(), z.json());

/** The stored options that name the loss; `lossOf` checks that the loss exists, and its settings. */
const storedLoss = z.looseObject({
  loss: z.custom<LossOptions["loss"]>((value) => value !== undefined),
  beta: z.number(),
});

/** A reviewed pair with the training iteration that follows the review. */
export interface MarginRow extends Reviewed {
  readonly iteration: number;
}

/** The results of one iteration. A cell shows which tables it has. */
export interface Iteration {
  readonly summary: IterationSummary;
  /** The review that preceded the iteration: one row per pair; empty before iteration 2. */
  readonly margins: ColumnTable;
  /** The reviewed pairs used for training, with their texts, the largest margin first. */
  readonly selected: ColumnTable;
  /** The reviewed pairs not used for training, the smallest margin first. */
  readonly dropped: ColumnTable;
  /** The pairs bootstrapped from the previous policy. */
  readonly bootstrapped: ColumnTable;
  /** The policy's answers to the held-out prompts, with their length in tokens and their gold reward, if any. */
  readonly responses: ColumnTable;
  /** Loads the policy, by default on the run's engine; the caller frees it. */
  policy(engine?: EngineOptions): Promise<Policy>;
  /** Returns the parameters of the head trained along with the policy; empty if the loss has no head. */
  head(): Promise<Parameters>;
}

/** A finished run: everything in its folder as tables. A cell shows the table of its iterations. */
export class Run {
  private constructor(
    readonly folder: string,
    readonly summary: RunSummary,
    /** Everything that the run's results depend on: method and options, digests of model and data, judge, engine. */
    readonly facts: RunFacts,
    /** Every logged training step; names are TRL's. */
    readonly steps: ColumnTable,
    /** How the run fitted texts to the model's context; empty if its folder does not say. */
    readonly fit: ContextFit,
    private readonly all: readonly Iteration[],
    /** Source of the model that the run began from, if known. */
    private readonly origin: string | undefined,
  ) {}

  /**
   * Reads a run's folder.
   *
   * @param start the policy that the run began from, on whose engine the run's policies are loaded. Default: an engine
   *   like the run's own
   * @throws InputError if the folder contains no finished run
   */
  static async open(path: string, start?: Policy): Promise<Run> {
    if (!(await isRunFolder(path)))
      throw (await isThere(path))
        ? new InputError(`${path}: not the folder of a run: it has no run.json`)
        : missingError(path, "folder", "expected that of a run");
    // isRunFolder has checked that it exists.
    const identity = (await readIdentity(path))!;
    const folder = await RunFolder.open(path);
    if (!folder.isFinished)
      throw new InputError(
        `${path}: this run has not ended; continue it by running its cell again, or by sera align --out ${path} --resume`,
      );
    const summary = await folder.readJson(runLayout.summary);
    const tokenizerFolder = folder.isDone(runLayout.tokenizer) ? runLayout.tokenizer : runLayout.iteration(0).model;
    await folder.verifyFolder(tokenizerFolder, (path) => !path.endsWith(".safetensors"));
    const tokenizer = await loadTokenizer(folder.file(tokenizerFolder));
    const pairs = new Map((await folder.readRows(runLayout.pairs)).map((pair) => [pair.id, pair]));
    const iterations = await Promise.all(
      summary.iterations.map(async (own): Promise<Iteration> => {
        const { iteration } = own;
        const files = runLayout.iteration(iteration);
        const margins = (await folder.readRowsIfPresent(files.margins)).map(
          (row): MarginRow => ({ iteration, ...row }),
        );
        const withTexts = (chosen: readonly MarginRow[]) =>
          tableOf(
            chosen.map(({ id, ensemble, prompt: _, ...row }) => {
              const { prompt, chosen, rejected } = pairs.get(id)!;
              const text = (tokens: readonly number[]) => tokenizer.decode(tokens);
              return { id, ensemble, prompt: text(prompt), chosen: text(chosen), rejected: text(rejected), ...row };
            }),
          );
        const byMargin = margins.toSorted((a, b) => b.ensemble - a.ensemble);
        const kept = byMargin.filter((row) => row.kept);
        const dropped = byMargin.filter((row) => !row.kept).reverse();
        const [bootstrapped, responses] = [
          await folder.readRowsIfPresent(files.bootstrapped),
          await folder.readRowsIfPresent(files.responses),
        ];
        const results: Iteration = {
          summary: own,
          margins: tableOf(margins.map(withPromptId)),
          get selected() {
            return withTexts(kept);
          },
          get dropped() {
            return withTexts(dropped);
          },
          bootstrapped: tableOf(bootstrapped),
          responses: tableOf(responses.map((row) => ({ ...row, length: tokenizer.encode(row.response).length }))),
          async policy(engine) {
            await folder.verifyFolder(files.model);
            const on = engine
              ? sharedPrograms(engine)
              : (start?.programs ?? (await programsOn(engineFacts.parse(identity.facts.engine))));
            return openRunPolicy(folder.file(files.model), on, identity.facts, start);
          },
          async head() {
            await folder.verifyFolder(files.model);
            return (await readHead(folder.file(files.model))) ?? new Map();
          },
        };
        const text = iterationText(`iteration ${iteration} of ${summary.method}, ${path}`, iteration, {
          margins: margins.length,
          selected: kept.length,
          dropped: dropped.length,
          bootstrapped: bootstrapped.length,
          responses: responses.length,
        });
        return Object.defineProperty(results, inspect.custom, { value: () => text });
      }),
    );
    return new Run(
      path,
      summary,
      identity.facts,
      tableOf(await folder.readRowsIfPresent(runLayout.metrics)),
      folder.isDone(runLayout.fit.path) ? await folder.readJson(runLayout.fit) : {},
      iterations,
      start?.origin,
    );
  }

  /** Summary of each iteration and its evaluation; iteration 0 is the reference. */
  get iterations(): readonly IterationSummary[] {
    return this.summary.iterations;
  }

  /** The margins of every review. */
  get margins(): ColumnTable {
    return tableOf(this.all.flatMap(({ margins }) => margins.objects()));
  }

  /** @throws InputError if the run has no such iteration */
  iteration(number: number): Iteration {
    const found = this.all[number];
    if (!found) throw new InputError(`found iteration ${number}, expected one of 0 to ${this.all.length - 1}`);
    return found;
  }

  /** The last iteration. */
  get last(): Iteration {
    return this.iteration(this.all.length - 1);
  }

  /**
   * Returns the gold rewards of the answers to the held-out prompts, in the order of the prompts.
   *
   * @param iteration whose policy wrote the answers; 0 for the start. Default: the last
   * @throws InputError if the run has no such iteration, or its prompts have no gold reward
   */
  goldRewards(iteration = this.all.length - 1): number[] {
    const { responses, summary } = this.iteration(iteration);
    if (summary.goldReward === undefined)
      throw new InputError(
        "these runs have no gold reward; only held-out prompts of the synthetic world and instructions have one",
      );
    return responses.array("gold") as number[];
  }

  /** Returns the run's resolved options; custom parts appear as their name and version. */
  options(): RunFacts {
    return storedOptions.parse(this.facts.options);
  }

  /**
   * The loss that the run was trained with.
   *
   * @throws InputError if it is a custom loss, which is not stored in the folder, that this process has not seen
   */
  get loss(): PairLoss {
    return lossOf(storedLoss.parse(this.facts.options));
  }

  /** Loads the final policy, by default on the run's engine; the caller frees it. */
  policy(engine?: EngineOptions): Promise<Policy> {
    return this.last.policy(engine);
  }

  /**
   * Returns the parameters, by name, of the head trained along with the final policy; empty if the loss has no head.
   */
  head(): Promise<Parameters> {
    return this.last.head();
  }

  /**
   * Uploads a policy of the run, by default the last, to the Hugging Face hub: its weights or adapter, its tokenizer,
   * and a model card with the method, its options and the results. The token is read from `HF_TOKEN`.
   *
   * @param name `user/name`; created if missing, and private unless `private: false`
   * @returns the address of its page, and the commit
   * @example await run.push("me/aligned", { datasets: ["trl-lib/ultrafeedback_binarized"] });
   * @throws InputError as {@link Policy.push}. Calling it again sends only the missing files
   */
  push(name: string, options: PushRunOptions = {}): Promise<Uploaded> {
    return pushRun(this, name, options, this.origin, {
      signal: options.signal ?? cell.signal,
      reporter: cell.reporter,
    });
  }

  async [displaySymbol](): Promise<MimeBundle> {
    return showTable(iterationTable(this.iterations), { title: this.title })[displaySymbol]();
  }

  /** Returns the iterations as a text table. */
  toString(): string {
    return textOf(iterationTable(this.iterations), this.title);
  }

  [inspect.custom](): string {
    return this.toString();
  }

  private get title(): string {
    return `${this.summary.method}, ${this.folder}`;
  }
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Returns the tables of an iteration, by their numbers of rows, and how to get them. */
function iterationText(
  title: string,
  iteration: number,
  rows: Readonly<Record<"margins" | "selected" | "dropped" | "bootstrapped" | "responses", number>>,
): string {
  const widest = Math.max(...Object.keys(rows).map((name) => name.length));
  const tables = Object.entries(rows).map(([name, count]) => `  ${name.padEnd(widest)}  ${counted(count, "row")}`);
  const own = `run.iteration(${iteration})`;
  return [
    title,
    ...tables,
    `${own}.responses is a table, ${own}.summary its figures; await ${own}.policy() loads its policy`,
  ].join("\n");
}

/** Returns the iterations as a table of figures, without columns that no iteration has. */
function iterationTable(iterations: readonly IterationSummary[]): ColumnTable {
  const rows = iterations.map(
    ({
      iteration,
      pairsSelected,
      pairsBootstrapped,
      bootstrap,
      accuracy,
      meanMargin,
      goldReward,
      winRate,
      memory,
      kept,
      seconds,
    }) => ({
      iteration,
      pairsSelected,
      pairsBootstrapped,
      responsesCutOff: bootstrap && bootstrap.incomplete / bootstrap.samples,
      accuracy,
      meanMargin,
      goldReward,
      winRate,
      keptStep: kept?.step,
      plannedGB: memory && memory.programBytes / 1e9,
      seconds: workSeconds([{ seconds }]),
    }),
  );
  const all = tableOf(rows);
  return all.select(all.columnNames((name) => rows.some((row) => row[name as keyof (typeof rows)[number]] != null)));
}
