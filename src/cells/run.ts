import type { ColumnTable } from "arquero";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { LoggedStep } from "../align/train-in-folder.js";
import { RunFolder } from "../align/run-folder.js";
import { InputError } from "../base/errors.js";
import type { BootstrappedRow } from "../bootstrap/index.js";
import type { PairRow } from "../data/pair-row.js";
import type { EngineOptions } from "../engine/create-engine.js";
import type { JudgedResponse } from "../judge/evaluate.js";
import { loadTokenizer } from "../model/load-tokenizer.js";
import type { Policy } from "../model/policy.js";
import { displaySymbol, type MimeBundle } from "../notebook/mime.js";
import { showTable } from "../notebook/table/show-table.js";
import type { Reviewed } from "../review/index.js";
import type { MethodOptions } from "../run/options/index.js";
import type { IterationSummary, RunSummary } from "../run/summary.js";
import { loadModel } from "./load-model.js";
import { tableOf } from "./table-of.js";

/** Where a run of adapters, which have no tokenizer of their own, keeps the tokenizer. */
export const tokenizerFolder = "tokenizer";

/** A reviewed pair, with the training iteration that the review precedes. */
export interface MarginRow extends Reviewed {
  readonly iteration: number;
}

/** What one iteration left. */
export interface Iteration {
  readonly summary: IterationSummary;
  /** The review that preceded it: a row for each pair; none before iteration 2. */
  readonly margins: ColumnTable;
  /** The reviewed pairs that it was trained on, with their texts, the largest margin first. */
  readonly selected: ColumnTable;
  /** The reviewed pairs that it was not trained on, the smallest margin first. */
  readonly dropped: ColumnTable;
  /** The pairs that the policy before it made. */
  readonly bootstrapped: ColumnTable;
  /** Its answers to the held-out prompts with their length in tokens and their gold reward, where there is one. */
  readonly responses: ColumnTable;
  /** Loads its policy. */
  policy(engine?: EngineOptions): Promise<Policy>;
}

/** A finished run: everything in its folder as tables. Shown in a cell, it is the table of its iterations. */
export class Run {
  private constructor(
    readonly folder: string,
    readonly summary: RunSummary,
    /** Every logged training step; names are TRL's. */
    readonly steps: ColumnTable,
    private readonly all: readonly Iteration[],
  ) {}

  /**
   * Reads a run's folder.
   *
   * @throws InputError where it holds no finished run
   */
  static async open(path: string): Promise<Run> {
    const folder = new RunFolder(path);
    if (!(await folder.has("summary.json"))) {
      throw new InputError(`${path}: found no summary.json, expected the folder of a run that has ended`);
    }
    const summary = await folder.json<RunSummary>("summary.json", () => Promise.reject(new Error("unreachable")));
    const tokenizer = await loadTokenizer(folder.file((await folder.has(tokenizerFolder)) ? tokenizerFolder : "iteration-0/model"));
    const pairs = new Map((await folder.known<PairRow>("pairs.jsonl")).map((pair) => [pair.id, pair]));
    const iterations = await Promise.all(
      summary.iterations.map(async (own): Promise<Iteration> => {
        const { iteration } = own;
        const rows = <T>(name: string) => folder.known<T>(`iteration-${iteration}/${name}.jsonl`);
        const margins = (await rows<Reviewed>("margins")).map((row): MarginRow => ({ iteration, ...row }));
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
        const [bootstrapped, responses] = [await rows<BootstrappedRow>("bootstrapped"), await rows<JudgedResponse>("responses")];
        return {
          summary: own,
          margins: tableOf(margins),
          get selected() {
            return withTexts(kept);
          },
          get dropped() {
            return withTexts(dropped);
          },
          bootstrapped: tableOf(bootstrapped),
          responses: tableOf(responses.map((row) => ({ ...row, length: tokenizer.encode(row.response).length }))),
          policy: (engine) => loadModel(folder.file(`iteration-${iteration}/model`), engine),
        };
      }),
    );
    return new Run(path, summary, tableOf(await folder.known<LoggedStep>("metrics.jsonl")), iterations);
  }

  /** What each iteration did and how its policy does; iteration 0 is the reference. */
  get iterations(): readonly IterationSummary[] {
    return this.summary.iterations;
  }

  /** The margins of every review. */
  get margins(): ColumnTable {
    return tableOf(this.all.flatMap(({ margins }) => margins.objects()));
  }

  /** @throws InputError where the run has no such iteration */
  iteration(number: number): Iteration {
    const found = this.all[number];
    if (!found) throw new InputError(`found iteration ${number}, expected one of 0 to ${this.all.length - 1}`);
    return found;
  }

  /** The options that the run was told. */
  async options(): Promise<MethodOptions> {
    return JSON.parse(await readFile(join(this.folder, "config.json"), "utf8")) as MethodOptions;
  }

  /** Loads the policy that the run ended with. */
  policy(engine?: EngineOptions): Promise<Policy> {
    return this.iteration(this.all.length - 1).policy(engine);
  }

  async [displaySymbol](): Promise<MimeBundle> {
    return showTable(iterationTable(this.iterations), { title: `${this.summary.method}, ${this.folder}` })[displaySymbol]();
  }
}

/** The iterations as a table of figures; those that no iteration has are left out. */
function iterationTable(iterations: readonly IterationSummary[]): ColumnTable {
  const rows = iterations.map(({ iteration, pairsSelected, pairsBootstrapped, accuracy, meanMargin, goldReward, winRate, seconds }) => ({
    iteration,
    pairsSelected,
    pairsBootstrapped,
    accuracy,
    meanMargin,
    goldReward,
    winRate,
    seconds: Object.values(seconds).reduce((sum, part) => sum + part, 0),
  }));
  const all = tableOf(rows);
  return all.select(all.columnNames((name) => rows.some((row) => row[name as keyof (typeof rows)[number]] != null)));
}
