import { createHash } from "node:crypto";
import { join } from "node:path";
import { InputError, quote } from "../base/errors.js";
import { requireOptions } from "../base/option-names.js";
import { callOwn } from "../base/own-function.js";
import type { Demonstration } from "../data/load-demonstrations.js";
import type { PreferencePair } from "../data/pair.js";
import { tokenizeDemonstrations, tokenizePairs } from "../data/tokenize.js";
import { heldOutPairs } from "../judge/held-out.js";
import type { Judge } from "../judge/judge.js";
import { labellingJudge, judgeOfGold } from "../judge/response-judge.js";
import type { Recipe } from "../methods/recipe.js";
import type { Policy } from "../model/policy/policy.js";
import { cell } from "../notebook/display.js";
import type { ComputeTarget } from "../run/executor.js";
import type { Evaluator, RunControls, RunInput } from "../run/input.js";
import type { LoggedStep } from "../run/logged-step.js";
import type { Method, RunTexts } from "../run/method.js";
import { openRun } from "../run/open-run.js";
import { adviceOn, inCells, isNative, runSettingNames, type ColumnRule } from "../run/options/index.js";
import type { Tracker } from "../run/tracking.js";
import { checkSettings } from "./check-settings.js";
import { Run } from "./run.js";

/** Figures of a policy by name; the iteration is 0 for the reference. */
export type EvaluateFunction = Evaluator["evaluate"];

/** A run's data, judge and place, besides its method. */
export interface RunSettings {
  /** Pairs on which each iteration's policy is reported. Prompts of the synthetic world and instructions bring their gold reward. */
  readonly heldOut?: readonly PreferencePair[] | undefined;
  /** Pairs by which training chooses (`keepBestBy`, `patience`) and which `evaluateEvery` evaluates on; none of them may be held out. */
  readonly validation?: readonly PreferencePair[] | undefined;
  /** Demonstrations on which the start is trained first, by supervised fine-tuning; `methods.aihf` trains on them beside the pairs. */
  readonly demonstrations?: readonly Demonstration[] | undefined;
  /**
   * Numbers for each training and validation pair and its response tokens, those that the run makes included; see `ColumnRule`.
   * They take the place of the data's own columns of the same names.
   */
  readonly columns?: ColumnRule | undefined;
  /** Grades responses, for methods that label with a judge. Default: the gold reward, where the prompts have one. */
  readonly judge?: Judge | undefined;
  /**
   * Your own figures of each iteration's policy, which go into the summary as `metrics`. A function that reads what its
   * text does not show needs `{ name, version, evaluate }`, so that a change is noticed.
   */
  readonly evaluate?:
    | EvaluateFunction
    | { readonly name: string; readonly version: string; readonly evaluate: EvaluateFunction }
    | undefined;
  /** Cuts prompts that do not fit the context, where by default they are errors. Default false. */
  readonly truncatePrompts?: boolean | undefined;
  /** Length limit of prompt and response together, in tokens. Default: the model's context. */
  readonly maxLength?: number | undefined;
  /** Length limit of a prompt, in tokens; longer ones are cut with `truncatePrompts`, else errors. Default: what the responses leave. */
  readonly maxPromptLength?: number | undefined;
  /** Where the run is kept. Default: `runs/<method>-<digest>`, the same for the same model, pairs and options. */
  readonly folder?: string | undefined;
  /** Does the iterations from this one on again. */
  readonly redoFrom?: number | undefined;
  /**
   * A folder that keeps the log-probabilities of the pairs under the reference, so that other runs from the same start
   * on the same pairs need not compute them. Default: `runs/reference-cache`; none where `folder` is given.
   */
  readonly referenceCache?: string | undefined;
  /** Where models are trained, scored and sampled from, as `ray` gives it. Default: on this machine. */
  readonly on?: ComputeTarget | undefined;
  /** Called after each optimizer step, with its metrics. */
  readonly onStep?: ((step: LoggedStep) => void) | undefined;
  /**
   * Where each step is shown besides the run's own `metrics.jsonl`: `tensorBoard("logs")`, `mlflow()`, `wandb()`, or a list of
   * them. One that fails is told of, and does not stop the run.
   */
  readonly track?: Tracker | readonly Tracker[] | undefined;
  /** Stops the run where nothing is lost. Default: the cell's interrupt. */
  readonly signal?: AbortSignal | undefined;
  /** Whether to show no progress. Default false. */
  readonly quiet?: boolean | undefined;
}

const settingNames: readonly (keyof RunSettings)[] = runSettingNames;

/** The settings among some options, and what is left: the method's own. */
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
 * Trains a policy on preference pairs by a method.
 *
 * Everything is kept in the run's folder. A run that was interrupted goes on where it stopped when the same cell is run
 * again, and one that has ended is read from there. Another model, other pairs or options are another run.
 *
 * @param policy what iteration 1 begins from and what stays the reference; it is not changed
 * @param method of `methods`, or one of your own; a recipe is taken with its own options
 * @example const run = await train(start, pairs, methods.spin({ beta: 0.3 }), { heldOut });
 * @throws InputError where a pair does not fit the model's context, and as {@link openRun}; DivergenceError where training
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

/** A run's input with its judge: the one that is given, or else for methods that label with one the gold reward. */
export function judgedInput(
  input: RunInput,
  { labelsWithJudge }: Method,
  pairs: readonly PreferencePair[],
  judge: Judge | undefined = labelsWithJudge ? judgeOfGold(pairs) : undefined,
): RunInput {
  return judge ? { ...input, judge: labellingJudge(judge, pairs) } : input;
}

/** Controls of a run in a cell. */
export function cellControls({ signal = cell.signal, quiet = false, onStep, track = [] }: RunSettings): RunControls {
  return {
    signal,
    ...(!quiet && { reporter: cell.reporter }),
    ...(onStep && { onStep: (step) => callOwn("onStep: your function", () => onStep(step)) }),
    trackers: [track].flat(),
  };
}

/** The input of a run from texts, without its judge. */
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
  const fit = { contextLength: policy.config.contextLength, maxLength, maxPromptLength, truncatePrompts };
  const tokenize = (texts: readonly PreferencePair[]) => tokenizePairs(texts, policy.tokenizer, fit).pairs;
  const tokenized = ({ pairs, heldOut, validation }: RunTexts) => ({
    pairs: tokenize(pairs),
    ...(heldOut?.length && { heldOut: heldOutPairs(tokenize(heldOut), heldOut) }),
    ...(validation?.length && { validation: tokenize(validation) }),
  });
  const texts = { pairs, heldOut, validation };
  return {
    start: policy,
    ...tokenized(texts),
    texts: { ...texts, tokenized },
    ...(demonstrations && {
      demonstrations: tokenizeDemonstrations(demonstrations, policy.tokenizer, fit).demonstrations,
    }),
    ...(columns && { columns }),
    ...(evaluate && { evaluate: evaluator(evaluate) }),
    ...(referenceCache !== undefined && { referenceCache }),
    ...(on && { on }),
  };
}

/** A name that `in` finds on an object and spreading it does not. */
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
