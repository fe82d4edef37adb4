import { InvalidArgumentError, type Command } from "commander";
import { errorAt, InputError } from "../base/errors.js";
import { loadDemonstrationsUnder, loadHeldOutUnder, loadPreferencesUnder } from "../cells/load-data.js";
import { Random } from "../base/random.js";
import { parseColumnNames, type ColumnNames } from "../data/columns.js";
import { flipLabels } from "../data/flip-labels.js";
import type { LoadedDemonstrations } from "../data/load-demonstrations.js";
import type { LoadedPreferences } from "../data/load-preferences.js";
import type { LoadedPrompts, NamedPrompt } from "../data/load-prompts.js";
import type { Reading } from "../data/reading.js";
import {
  tokenizeDemonstrations,
  tokenizePairs,
  tokenizePrompts,
  type SkippedExample,
  type ContextFit,
  type TokenizeOptions,
  type TokenizedDemonstration,
  type TokenizedPair,
  type TokenizedPrompt,
} from "../data/tokenize.js";
import { heldOutPairs, heldOutPrompts, textTokenizer } from "../judge/held-out.js";
import type { Judge } from "../judge/judge.js";
import { labellingJudge, judgeOfGold } from "../judge/response-judge.js";
import { textsOf } from "../data/texts-of.js";
import { unknownNotes } from "../data/unknown-tokens.js";
import type { Policy } from "../model/policy/policy.js";
import type { Tokenizer } from "../model/tokenizer/tokenizer.js";
import type { Method } from "../run/method.js";
import type { RecordedCommand, RunInput } from "../run/input.js";
import { clusterOptions, computeTargetOf, type ClusterArguments } from "./cluster-options.js";
import { dataNotes, templateNotes, tokenizedPrompts, type DataCounts } from "./data-notes.js";
import { dataOptions, share, type DataArguments, type EngineArguments } from "./options.js";
import type { CommandSession } from "./session.js";
import { modelServerOf, runServerOptions, type ServerArguments } from "./server-options.js";
import { isFromScratch, modelOptions, openStart, type ModelArguments } from "./start.js";

/** Arguments of a run on preference pairs. */
export interface RunArguments
  extends DataArguments,
    ModelArguments,
    EngineArguments,
    ClusterArguments,
    ServerArguments {
  readonly data: string;
  readonly evalData?: string;
  readonly evalSplit?: string;
  readonly validationData?: string;
  readonly validationSplit?: string;
  readonly columns?: ColumnNames;
  readonly demonstrations?: string;
  readonly initFrom?: string;
  readonly flip: number;
  readonly referenceCache?: string;
  readonly begunBy?: RecordedCommand;
  readonly seed?: number;
}

type HubPart = { readonly [Name in "split" | "config" | "revision"]?: string | undefined };

/** Tokenized examples, and what happened to the rows of their file. */
interface Fitted<Example> {
  readonly examples: readonly Example[];
  readonly notes: Readonly<Record<string, unknown>>;
}

/** Adds flags for {@link RunArguments}, except those of the engine. */
export function runOptions(command: Command): Command {
  const withModel = modelOptions(
    dataOptions(
      command
        .optionsGroup("Data:")
        .requiredOption(
          "--data <source>",
          "preference pairs: .jsonl, .jsonl.gz or .parquet, or org/name on the Hugging Face hub",
        ),
    )
      .option(
        "--eval-data <source>",
        "held-out pairs on which every iteration is evaluated; or prompts alone, if they have a gold reward",
      )
      .option("--eval-split <name>", "split of --eval-data, if that is a hub dataset (default: train)")
      .option(
        "--validation-data <source>",
        "pairs for model selection (--keep-best-by, --patience); none of them may be a held-out pair",
      )
      .option("--validation-split <name>", "split of --validation-data, if that is a hub dataset (default: train)")
      .option(
        "--columns <names>",
        "numeric columns of --data and --validation-data that are passed to the loss with each pair, such as weight,labelSmoothing=doubt",
        columnNames,
      )
      .option(
        "--demonstrations <source>",
        "rows with a prompt and a response: the start is first fine-tuned on them; aihf trains on them and the pairs together",
      )
      .option(
        "--flip <share>",
        "flip the labels of this share of the pairs, for experiments with label noise",
        share,
        0,
      )
      .option(
        "--reference-cache <folder>",
        "folder that caches what other runs can reuse: results computed with the start and later models, and where finished trainings are stored (default: no cache)",
      ),
  ).option(
    "--init-from <start>",
    "sft fine-tunes the start on the chosen responses first (the default for a preset); a checkpoint folder is the start itself",
  );
  return runServerOptions(clusterOptions(withModel));
}

/**
 * The place where models are trained, scored and sampled from; undefined for this machine.
 *
 * @throws InputError if flags name two places, or are invalid
 */
function placeOfWork(run: RunArguments) {
  const [cluster, server] = [computeTargetOf(run), modelServerOf(run)];
  if (cluster && server)
    throw new InputError("--server: a cluster writes the responses itself; give --on or --server, not both");
  return cluster ?? server;
}

/**
 * Reads everything that a run needs: the data, and the start model. Omissions are reported on stderr.
 *
 * @param methods the training method of the run, or of each of several runs
 * @param given judge that labels responses. Default: the gold reward, if the prompts are the synthetic world's
 * @throws InputError if a method labels with a judge and there is none; otherwise as for reading data and model
 */
export async function prepareRun(
  run: RunArguments,
  session: CommandSession,
  methods: readonly Method[],
  given?: Judge,
): Promise<RunInput> {
  const { skipBadRows, seed = 0, initFrom, referenceCache, columns, begunBy } = run;
  const on = placeOfWork(run);
  const read = (source: string, split?: string, own?: ColumnNames) =>
    loadPreferencesUnder(session, source, { skipBadRows, columns: own, ...otherPart(run, source, split) });
  const loaded = await loadPreferencesUnder(session, run.data, {
    skipBadRows,
    columns,
    ...hubPart(run),
    ...(run.limit && { limit: run.limit }),
  });
  const offline = { ...loaded, pairs: flipLabels(loaded.pairs, run.flip, Random.seeded(seed).fork("flip")) };
  const held =
    run.evalData === undefined
      ? undefined
      : await loadHeldOutUnder(session, run.evalData, {
          skipBadRows,
          ...otherPart(run, run.evalData, run.evalSplit),
        });
  const validation =
    run.validationData === undefined ? undefined : await read(run.validationData, run.validationSplit, columns);
  const shown =
    run.demonstrations === undefined
      ? undefined
      : await loadDemonstrationsUnder(session, run.demonstrations, {
          skipBadRows,
          ...otherPart(run, run.demonstrations),
        });

  const labelled = methods.find(({ labelsWithJudge }) => labelsWithJudge);
  const judge = given ?? (labelled && judgeOfGold(offline.pairs));
  if (labelled && !judge)
    throw new InputError(
      `${labelled.name} labels responses with a judge; give one by --judge, such as --judge openai:<model>`,
    );
  const model = initFrom === undefined || initFrom === "sft" ? run.model : initFrom;
  const start = await openStart({ ...run, model }, () => textsOf(offline.pairs), session.programs);
  const pairs = fitPairs(run.data, offline, start, run);
  const evaluation = held && fitHeldOut(run.evalData!, held, start, run);
  const fromChosen = initFrom === "sft" || (initFrom === undefined && (await isFromScratch(run.model)));
  const demonstrations = shown
    ? fitDemonstrations(run.demonstrations!, shown, start, run).examples
    : fromChosen && pairs.examples.map(({ id, prompt, chosen }) => ({ id, prompt, response: chosen }));
  return {
    start,
    pairs: pairs.examples,
    dataNotes: { ...pairs.notes, ...(evaluation && { heldOut: evaluation.notes }) },
    fit: contextFit(run),
    ...(begunBy && { begunBy }),
    ...(on && { on }),
    ...(judge && { judge: labellingJudge(judge, offline.pairs) }),
    ...(referenceCache !== undefined && { referenceCache }),
    ...(demonstrations && { demonstrations }),
    texts: {
      pairs: offline.pairs,
      heldOut: held && ("pairs" in held ? held.pairs : held.prompts),
      validation: validation?.pairs,
      // Rewritten texts that do not fit are skipped or rejected like those from the file.
      tokenized: textTokenizer(start.tokenizer, tokenizeOptions(start.config, run)),
    },
    ...(evaluation && { heldOut: evaluation.heldOut }),
    ...(validation && { validation: fitPairs(run.validationData!, validation, start, run).examples }),
  };
}

/** Reads what supervised fine-tuning needs. */
export async function prepareSft(run: Omit<RunArguments, "flip">, session: CommandSession): Promise<RunInput> {
  const { skipBadRows } = run;
  const loaded = await loadDemonstrationsUnder(session, run.data, {
    skipBadRows,
    ...hubPart(run),
    ...(run.limit && { limit: run.limit }),
  });
  const texts = () =>
    textsOf(loaded.demonstrations.map(({ id, prompt, response }) => ({ id, prompt, chosen: response, rejected: "" })));
  const start = await openStart(run, texts, session.programs);
  const { examples, notes } = fitDemonstrations(run.data, loaded, start, run);
  return { start, pairs: [], demonstrations: examples, dataNotes: notes, ...(run.begunBy && { begunBy: run.begunBy }) };
}

function columnNames(text: string): ColumnNames {
  const names = parseColumnNames(text);
  if (!names)
    throw new InvalidArgumentError(`found "${text}", expected names of columns, as in weight,labelSmoothing=doubt`);
  return names;
}

/** The part to read of a source other than `--data`: for the same dataset, the same configuration and revision. */
function otherPart({ data, config, revision }: RunArguments, source: string, split?: string) {
  return { ...(split !== undefined && { split }), ...(source === data && hubPart({ config, revision })) };
}

function hubPart({ split, config, revision }: HubPart) {
  return {
    ...(split !== undefined && { split }),
    ...(config !== undefined && { config }),
    ...(revision !== undefined && { revision }),
  };
}

function contextFit({ truncatePrompts, maxLength, maxPromptLength }: DataArguments): ContextFit {
  return { truncatePrompts, maxLength, maxPromptLength };
}

function tokenizeOptions({ contextLength }: Policy["config"], run: DataArguments): TokenizeOptions {
  return { contextLength, skipBadRows: run.skipBadRows, ...contextFit(run) };
}

function fitPairs(
  file: string,
  loaded: LoadedPreferences,
  { tokenizer, config }: Policy,
  run: DataArguments,
): Fitted<TokenizedPair> {
  const { pairs, skipped, ...tokenization } = tokenizePairs(loaded.pairs, tokenizer, tokenizeOptions(config, run));
  const flipped = loaded.pairs.filter((pair) => pair.flipped).length;
  const reading = withPromptNotes(loaded.reading, loaded.pairs, pairs, tokenizer);
  const counts = { reading, skipped: [...loaded.skipped, ...skipped], ...tokenization };
  reportFit(file, counts, "pair", pairs, skipped);
  return { examples: pairs, notes: { pairs: pairs.length, format: loaded.format, ...counts, flipped } };
}

/** @throws InputError if a prompt without responses has no gold reward */
function fitHeldOut(file: string, loaded: LoadedPreferences | LoadedPrompts, start: Policy, run: DataArguments) {
  if ("pairs" in loaded) {
    const { examples, notes } = fitPairs(file, loaded, start, run);
    return { notes, heldOut: heldOutPairs(examples, loaded.pairs) };
  }
  const { tokenizer, config } = start;
  const { prompts, skipped, ...tokenization } = tokenizePrompts(
    loaded.prompts,
    tokenizer,
    tokenizeOptions(config, run),
  );
  const reading = withPromptNotes(loaded.reading, loaded.prompts, prompts, tokenizer);
  const counts = { reading, skipped: [...loaded.skipped, ...skipped], ...tokenization };
  reportFit(file, counts, "prompt", prompts, skipped);
  return { notes: { prompts: prompts.length, ...counts }, heldOut: heldOutPrompts(prompts, loaded.prompts, file) };
}

function fitDemonstrations(
  file: string,
  loaded: LoadedDemonstrations,
  { tokenizer, config }: Policy,
  run: DataArguments,
): Fitted<TokenizedDemonstration> {
  const { demonstrations, skipped, ...tokenization } = tokenizeDemonstrations(
    loaded.demonstrations,
    tokenizer,
    tokenizeOptions(config, run),
  );
  const reading = withPromptNotes(loaded.reading, loaded.demonstrations, demonstrations, tokenizer);
  const counts = { reading, skipped: [...loaded.skipped, ...skipped], ...tokenization };
  reportFit(file, counts, "demonstration", demonstrations, skipped);
  return { examples: demonstrations, notes: { demonstrations: demonstrations.length, ...counts } };
}

/**
 * Writes the notes on a file.
 *
 * @param left the examples that fit, and `skipped` those that do not
 * @throws InputError if none fits
 */
function reportFit(
  file: string,
  counts: DataCounts,
  what: string,
  left: readonly unknown[],
  skipped: readonly SkippedExample[],
): void {
  process.stderr.write(dataNotes(file, counts).join(""));
  if (left.length === 0)
    throw errorAt({ file }, `no ${what} is left; the first that was skipped: ${skipped[0]!.reason}`);
}

/** Adds the notes that depend on the tokenizer: on prompts as texts and as tokens. */
function withPromptNotes<Notes extends Pick<Reading, "notes">>(
  reading: Notes,
  examples: readonly NamedPrompt[],
  tokenized: readonly TokenizedPrompt[],
  tokenizer: Tokenizer,
): Notes {
  const unknown = unknownNotes(
    tokenized.map(({ prompt }) => prompt),
    tokenizer,
  );
  return { ...reading, notes: [...reading.notes, ...templateNotes(tokenizedPrompts(examples), tokenizer), ...unknown] };
}
