import { createHash } from "node:crypto";
import { join } from "node:path";
import { InputError, quote } from "../base/errors.js";
import { requireOptions } from "../base/option-names.js";
import { callOwn } from "../base/own-function.js";
import type { Demonstration } from "../data/load-demonstrations.js";
import type { NamedPrompt } from "../data/load-prompts.js";
import type { PreferencePair } from "../data/pair.js";
import { adviceWithoutSkipping, tokenizeDemonstrations } from "../data/tokenize.js";
import { textTokenizer } from "../judge/held-out.js";
import type { Judge } from "../judge/judge.js";
import { labellingJudge, judgeOfGold } from "../judge/response-judge.js";
import type { Recipe } from "../methods/recipe.js";
import type { Policy } from "../model/policy/policy.js";
import { cell } from "../notebook/display.js";
import type { ComputeTarget } from "../run/executor.js";
import type { Evaluator, RunControls, RunInput } from "../run/input.js";
import type { LoggedStep } from "../run/logged-step.js";
import type { Method } from "../run/method.js";
import { openRun } from "../run/open-run.js";
import { adviceOn, inCells, isNative, runSettingNames, type ColumnRule } from "../run/options/index.js";
import type { Tracker } from "../run/tracking.js";
import { checkSettings } from "./check-settings.js";
import { Run } from "./run.js";

/** Returns metrics of a policy by name; the iteration is 0 for the reference. */
export type EvaluateFunction = Evaluator["evaluate"];

/** Settings of a run that do not depend on its method: data, judge, folder. */
export interface RunSettings {
  /**
   * Pairs, or prompts without responses, on which each iteration's policy is evaluated. Its implicit reward is compared
   * with the labels of pairs. Prompts of the synthetic world and of instructions have a gold reward, and are answered.
   */
  readonly heldOut?: readonly PreferencePair[] | readonly NamedPrompt[] | undefined;
  /**
   * Pairs for model selection (`keepBestBy`, `patience`) and for `evaluateEvery`; they must not overlap with `heldOut`.
   */
  readonly validation?: readonly PreferencePair[] | undefined;
  /**
   * Demonstrations for supervised fine-tuning of the start before the method; `methods.aihf` trains on them along with
   * the pairs.
   */
  readonly demonstrations?: readonly Demonstration[] | undefined;
  /**
   * Computes numeric columns for each training and validation pair and its response tokens, including bootstrapped
   * pairs; see `ColumnRule`. They replace the data's own columns of the same names.
   */
  readonly columns?: ColumnRule | undefined;
  /** Grades responses, for methods that label with a judge. Default: the gold reward, if the prompts have one. */
  readonly judge?: Judge | undefined;
  /**
   * Custom metrics of each iteration's policy, stored in the summary as `metrics`. A function that depends on values
   * outside its source text needs `{ name, version, evaluate }`, so that a change is detected.
   */
  readonly evaluate?:
    | EvaluateFunction
    | { readonly name: string; readonly version: string; readonly evaluate: EvaluateFunction }
    | undefined;
  /** Truncates prompts that do not fit the context instead of throwing. Default false. */
  readonly truncatePrompts?: boolean | undefined;
  /** Length limit of prompt and response together, in tokens. Default: the model's context. */
  readonly maxLength?: number | undefined;
  /**
   * Length limit of a prompt, in tokens; longer ones are truncated with `truncatePrompts`, else errors. Default: what
   * the responses leave room for.
   */
  readonly maxPromptLength?: number | undefined;
  /** Folder of the run. Default: `runs/<method>-<digest>`, the same for the same model, pairs and options. */
  readonly folder?: string | undefined;
  /** Repeats the iterations from this one on. */
  readonly redoFrom?: number | undefined;
  /**
   * Folder that caches what other runs can reuse: results computed with the start and later models, and where finished
   * trainings are stored. Default: `runs/reference-cache`; none if `folder` is given.
   */
  readonly referenceCache?: string | undefined;
  /** Where models are trained, scored and sampled, for example the result of `ray`. Default: this machine. */
  readonly on?: ComputeTarget | undefined;
  /** Called after each optimizer step, with its metrics. */
  readonly onStep?: ((step: LoggedStep) => void) | undefined;
  /**
   * Trackers that log each step in addition to the run's `metrics.jsonl`: `tensorBoard("logs")`, `mlflow()`, `wandb()`,
   * or a list of them. A failing tracker is reported and does not stop the run.
   */
  readonly track?: Tracker | readonly Tracker[] | undefined;
  /** Stops the run at the next point where no work is lost. Default: the cell's interrupt. */
  readonly signal?: AbortSignal | undefined;
  /** Hides progress. Default false. */
  readonly quiet?: boolean | undefined;
}

const settingNames: readonly (keyof RunSettings)[] = runSettingNames;

/** Separates the run settings from the method's own options. */
export function separateSettings<Options extends RunSettings>(
  options: Options,
): { settings: RunSettings; own: Omit<Options, keyof RunSettings> } {
  const isSetting = ([name]: [string, unknown]) => settingNames.some((setting) => setting === name);
  const inherited = inheritedName(options);
  if (inherited !== undefined)
    throw new InputError(
      `the option ${quote(inherited)} is inherited from a prototype; give a plain object, as in { ...options }`,
    );
  const entries = Object.entries(options);
  return {
    settings: Object.fromEntries(entries.filter(isSetting)) as RunSettings,
    own: Object.fromEntries(entries.filter((entry) => !isSetting(entry))) as Omit<Options, keyof RunSettings>,
  };
}

/**
 * Trains a policy on preference pairs with a method.
 *
 * Everything is stored in the run's folder. An interrupted run resumes where it stopped when the same cell is run
 * again; a finished run is read from the folder. A different model, pairs or options make a different run.
 *
 * @param policy start of iteration 1 and the reference; it is not modified
 * @param method one of `methods`, or your own; a recipe is used with its own options
 * @example const run = await train(start, pairs, methods.spin({ beta: 0.3 }), { heldOut });
 * @throws InputError if a pair does not fit the model's context, or as {@link openRun}; DivergenceError if training
 *   produces NaN or infinite values
 */
export async function train(
  policy: Policy,
  pairs: readonly PreferencePair[],
  method: Method | Recipe,
  settings: RunSettings = {},
): Promise<Run> {
  requireOptions("train", settings);
  const unknown = Object.keys(settings).find((name) => !settingNames.some((known) => known === name));
  if (unknown !== undefined) {
    throw new InputError(
      `\`${unknown}\` is not a setting of train, whose method has its own options; ${adviceOn(unknown, "train", runSettingNames, inCells)}`,
    );
  }
  checkSettings(pairs, settings);
  const { folder, redoFrom } = settings;
  const own = typeof method === "function" ? method() : method;
  const input = judgedInput(runInput(policy, pairs, settings), own, pairs, settings.judge);
  const opened = await openRun(own, input, { folder, redoFrom }, cellControls(settings));
  return Run.open(opened.folder, policy);
}

/** Adds the judge to a run's input: the one given or, for methods that label with a judge, the gold reward. */
export function judgedInput(
  input: RunInput,
  { labelsWithJudge }: Method,
  pairs: readonly PreferencePair[],
  judge: Judge | undefined = labelsWithJudge ? judgeOfGold(pairs) : undefined,
): RunInput {
  return judge ? { ...input, judge: labellingJudge(judge, pairs) } : input;
}

/** Returns the controls of a run in a cell. */
export function cellControls({ signal = cell.signal, quiet = false, onStep, track = [] }: RunSettings): RunControls {
  return {
    signal,
    ...(!quiet && { reporter: cell.reporter }),
    ...(onStep && { onStep: (step) => callOwn("onStep: your function", () => onStep(step)) }),
    trackers: [track].flat(),
  };
}

/** Builds the input of a run from texts, without its judge. */
export function runInput(policy: Policy, pairs: readonly PreferencePair[], settings: RunSettings): RunInput {
  const {
    heldOut,
    validation,
    demonstrations,
    truncatePrompts = false,
    maxLength,
    maxPromptLength,
    folder,
    columns,
    evaluate,
    on,
  } = settings;
  const { referenceCache = folder === undefined ? join("runs", "reference-cache") : undefined } = settings;
  const fit = { maxLength, maxPromptLength, truncatePrompts };
  const { contextLength } = policy.config;
  const tokenizing = { ...fit, contextLength, adviceOnLongPrompts: adviceWithoutSkipping };
  const tokenized = textTokenizer(policy.tokenizer, tokenizing);
  const texts = { pairs, heldOut, validation };
  return {
    start: policy,
    ...tokenized(texts),
    texts: { ...texts, tokenized },
    fit,
    ...(demonstrations && {
      demonstrations: tokenizeDemonstrations(demonstrations, policy.tokenizer, tokenizing).demonstrations,
    }),
    ...(columns && { columns }),
    ...(evaluate && { evaluate: evaluator(evaluate) }),
    ...(referenceCache !== undefined && { referenceCache }),
    ...(on && { on }),
  };
}

/** Returns a property name that an object inherits, which spreading would lose. */
function inheritedName(options: object): string | undefined {
  for (const name in options) if (!Object.hasOwn(options, name)) return name;
  return undefined;
}

function evaluator(given: NonNullable<RunSettings["evaluate"]>): Evaluator {
  if (typeof given === "function") {
    const text = String(given);
    if (isNative(text))
      throw new InputError(
        "evaluate: found a bound or built-in function, whose code cannot be seen; give { name, version, evaluate }",
      );
    return {
      identity: `${given.name || "evaluate"} ${createHash("sha256").update(text).digest("hex")}`,
      evaluate: given,
    };
  }
  const { name, version, evaluate } = given;
  if (typeof evaluate === "function" && typeof name === "string" && typeof version === "string")
    return { identity: `${name} ${version}`, evaluate };
  throw new InputError(`evaluate: found ${quote(given)}, expected a function, or { name, version, evaluate }`);
}
