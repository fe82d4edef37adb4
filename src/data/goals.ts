import { InputError, quote } from "../base/errors.js";
import { checkOptionNames } from "../base/option-names.js";
import { callOwn } from "../base/own-function.js";
import { Random } from "../base/random.js";
import type { Message } from "../model/tokenizer/chat/chat.js";
import type { PreferencePair, Prompt } from "./pair.js";
import { placeText } from "./places.js";
import { promptKey } from "./split-pairs.js";
import { goalReached } from "./world/generate.js";
import { goalSentence, isWorldPrompt, parsePrompt } from "./world/request.js";

/* Reward-augmented preference data (Zhang et al. 2024, arXiv 2410.08067): responses conditioned on the score to be reached. */

/** What to do with a pair whose responses reach the same goal, for which either order is right. */
export const tieRules = ["drop", "keep"] as const;
/** Where a conversation states its goal. */
export const goalPlaces = ["system", "user"] as const;

/** The highest goal, used when asking for answers. */
export const topGoal = 10;

/** How prompts state goals. */
export interface GoalTextOptions {
  /**
   * Where a conversation states its goal: in its system turn, or at the beginning of its first user turn. A text prompt
   * begins with its goal. Default "system".
   */
  readonly place?: (typeof goalPlaces)[number];
  /**
   * The wording of a goal. Default: the synthetic world's ("goal nine .") for its prompts, that of the paper's code for
   * others.
   */
  readonly text?: (goal: number) => string;
}

/** An object with a prompt, such as a pair. */
interface Prompted {
  readonly prompt: Prompt;
}

/** Options of {@link goalConditioned}. */
export interface GoalOptions extends GoalTextOptions {
  /** Uses a random half of the prompts, so that the number of pairs stays the same. Default false. */
  readonly half?: boolean;
  /**
   * Pairs whose two goals have the same wording: "drop" omits them, "keep" turns each into two contradictory pairs, as
   * the paper's code does. Default "drop".
   */
  readonly ties?: (typeof tieRules)[number];
  /** Generator that draws the half. Default: seed 0. */
  readonly random?: Random;
}

/**
 * Reward-augmented pairs: two for each pair with scores. At the goal that the chosen response reaches, it stays chosen;
 * at the goal that the rejected response reaches, the two are swapped. Under the reward −(g − r(x, y))² of a goal g,
 * both orders are right regardless of the label (Zhang et al. 2024, arXiv 2410.08067, section 4). The id gets the
 * suffix `#chosen` or `#rejected`, after the response whose goal the pair has; scores, columns and the like are treated
 * as in `flipLabels`.
 *
 * The goal is the score if all scores are in [1, 10]. If all are in [0, 1], it is ten times the score, rounded to the
 * nearest whole number, at least 1.
 *
 * The paper's code for models without a system turn forgets to swap the responses at the low goal; this function does
 * not.
 *
 * @param pairs with `chosenScore` and `rejectedScore`
 * @returns 2N pairs, or N with `half`, minus those of dropped ties; the two pairs from one original are adjacent
 * @example const augmented = goalConditioned(pairs);
 * @throws InputError if a pair has no scores, scores are on another scale without a `text` to word them, a pair has
 *   tokens in place of texts, a prompt already states a goal, `text` fails, or only ties are left
 */
export function goalConditioned(pairs: readonly PreferencePair[], options: GoalOptions = {}): PreferencePair[] {
  checkOptionNames("goalConditioned", options, ["half", "ties", "random", ...textOptions]);
  const { half = false, ties = "drop", random = Random.seeded(0) } = options;
  checkTextOptions(options);
  if (!tieRules.includes(ties))
    throw new InputError(`ties: found ${quote(ties)}, expected one of ${tieRules.join(", ")}`);
  const goals = goalsOf(pairs, options.text !== undefined);
  for (const pair of pairs) {
    if (statesGoal(pair.prompt) || /#(chosen|rejected)$/.test(pair.id))
      throw new InputError(
        `${placeText(pair)}pair ${quote(pair.id)}: its prompt states a goal already; give the pairs as they were before goalConditioned or atGoal`,
      );
  }
  const textOf = goalTextFor(pairs, options);
  const taken = half ? halfOf(pairs, random) : pairs.map(() => true);
  const made = pairs.flatMap((pair, i) => {
    const texts = { chosen: textOf(goals[i]!.chosen), rejected: textOf(goals[i]!.rejected) };
    if (!taken[i] || (ties === "drop" && texts.chosen === texts.rejected)) return [];
    const high = { ...pair, id: `${pair.id}#chosen`, prompt: withGoalText(pair.prompt, texts.chosen, options) };
    const low = {
      ...exchanged(pair),
      id: `${pair.id}#rejected`,
      prompt: withGoalText(pair.prompt, texts.rejected, options),
    };
    return [high, low];
  });
  if (pairs.length > 0 && made.length === 0) {
    throw new InputError(
      `goals: both responses of each of the ${pairs.filter((_, i) => taken[i]).length} pairs reach the same goal, so that no pair is left; give pairs with different scores`,
    );
  }
  return made;
}

/**
 * Adds the highest goal to prompts, or to the prompts of pairs, in the wording of {@link goalConditioned}. Use it to
 * query and evaluate a model trained on such pairs.
 *
 * @example await respond(policy, atGoal(heldOut.map(({ prompt }) => prompt)))
 * @throws InputError if a prompt already states a goal, the goal is not a number in its range, or `text` fails
 */
export function atGoal<T extends Prompt | Prompted>(
  prompts: readonly T[],
  options: GoalTextOptions & { readonly goal?: number } = {},
): T[] {
  checkOptionNames("atGoal", options, ["goal", ...textOptions]);
  checkTextOptions(options);
  const { goal = topGoal } = options;
  if (!isFiniteNumber(goal) || (!(goal >= 1 && goal <= topGoal) && options.text === undefined))
    throw new InputError(
      `goal: found ${quote(goal)}, expected a ${options.text ? "finite number" : "number in [1, 10]"}`,
    );
  const rows = prompts.map((value: Prompt | Prompted) => (isPrompt(value) ? { prompt: value } : value));
  const text = goalTextFor(rows, options)(goal);
  const stated = rows.map((row) => {
    if (statesGoal(row.prompt, text))
      throw new InputError(
        `the prompt ${quote(row.prompt)} states a goal already; give prompts as they were before goalConditioned or atGoal`,
      );
    return { ...row, prompt: withGoalText(row.prompt, text, options) };
  });
  // Return prompts for prompts, and objects with a prompt for such objects.
  return stated.map((row, i) => (isPrompt(prompts[i]!) ? row.prompt : row) as T);
}

const isPrompt = (value: Prompt | Prompted): value is Prompt => typeof value === "string" || Array.isArray(value);

/** A pair of the data at one of its goals. */
export interface GoalProbe {
  /** The wording of the goal. */
  readonly text: string;
  /** Whether its last word is in no vocabulary. */
  readonly isUnknown: boolean;
  readonly pair: PreferencePair;
}

/**
 * One pair at each goal that {@link goalConditioned} states for these pairs, at the highest goal, and at a goal whose
 * last word is in no vocabulary. A model to which two of them look the same does not know the words of goals.
 */
export function goalProbes(pairs: readonly PreferencePair[], options: GoalTextOptions = {}): GoalProbe[] {
  const shortest = pairs.reduce<PreferencePair | undefined>(
    (least, pair) => (least && promptLength(least) <= promptLength(pair) ? least : pair),
    undefined,
  );
  if (!shortest) return [];
  const goals = goalsOf(pairs, options.text !== undefined).flatMap(({ chosen, rejected }) => [chosen, rejected]);
  const texts = [...new Set([...goals, topGoal].map(goalTextFor(pairs, options)))];
  const unknown = texts[0]!.replace(/[\p{L}\p{N}]+(?=[^\p{L}\p{N}]*$)/u, "\u{10fffd}");
  const { id, prompt } = shortest;
  return [...new Set([...texts, unknown])].map((text, i) => ({
    ...{ text, isUnknown: i >= texts.length },
    // The goal stands alone if possible: truncation would remove it from a long prompt, which is cut at its beginning.
    pair: {
      ...{ ...shortest, id: `${id}#goal-${i + 1}` },
      prompt: typeof prompt === "string" ? text : withGoalText(prompt, text, options),
    },
  }));
}

const promptLength = ({ prompt }: PreferencePair) => JSON.stringify(prompt).length;

const paperBeginning =
  "You are an assistant that generates responses for the instruction while implicitly achieving the following target scores ";

/** The wording of a goal in the paper's code. */
function paperText(goal: number): string {
  return `${paperBeginning}(on a scale of 1-10, where 1 is lowest and 10 is highest):\nOverall score: ${goal}.`;
}

/** Whether a prompt states a goal in the wording of the world, of the paper's code, or of `words`. */
function statesGoal(prompt: Prompt, words = paperBeginning): boolean {
  const isStated = (text: string) => text.startsWith(paperBeginning) || text.startsWith(words);
  if (typeof prompt !== "string") return prompt.some(({ content }) => isStated(content));
  return isStated(prompt) || parsePrompt(prompt)?.goal !== undefined;
}

/** The wording of each goal: from the user's `text`, or the default for such prompts. */
function goalTextFor(
  pairs: readonly Pick<PreferencePair, "prompt">[],
  { text }: GoalTextOptions,
): (goal: number) => string {
  if (text)
    return (goal) => {
      const words: unknown = callOwn(`text: your function, of the goal ${goal},`, () => text(goal));
      if (typeof words === "string" && words.trim() !== "") return words;
      throw new InputError(
        `text: your function returned ${words instanceof Promise ? "a promise" : quote(words)} for the goal ${goal}; it must return the words of the goal`,
      );
    };
  const isWorld = pairs.length > 0 && pairs.every(({ prompt }) => typeof prompt === "string" && isWorldPrompt(prompt));
  return isWorld ? (goal) => goalSentence(goalReached(goal / topGoal)) : paperText;
}

/**
 * Adds the wording of a goal to a prompt. The world's own wording stays on the prompt's line; others are followed by an
 * empty line.
 */
function withGoalText(prompt: Prompt, text: string, { place = "system" }: GoalTextOptions): Prompt {
  if (typeof prompt === "string") return `${text}${isWorldPrompt(prompt) ? " " : "\n\n"}${prompt}`;
  const before = (message: Message) => ({ ...message, content: `${text}\n\n${message.content}` });
  const at = prompt.findIndex(({ role }) => role === place);
  if (at >= 0) return prompt.with(at, before(prompt[at]!));
  if (place === "system") return [{ role: "system", content: text }, ...prompt];
  throw new InputError('goals: a conversation has no user turn to state its goal in; use place "system"');
}

/** The goals of both responses of each pair. @throws InputError as {@link goalConditioned} */
function goalsOf(
  pairs: readonly PreferencePair[],
  anyScale: boolean,
): { readonly chosen: number; readonly rejected: number }[] {
  const scores = pairs.map((pair) => {
    const { id, chosenScore, rejectedScore, tokens } = pair;
    const at = `${placeText(pair)}pair ${quote(id)}`;
    const odd = Object.entries({ chosenScore, rejectedScore }).find(
      ([, score]) => score !== undefined && !isFiniteNumber(score),
    );
    if (odd) throw new InputError(`${at}: ${odd[0]} is ${quote(odd[1])}, expected a finite number`);
    if (chosenScore === undefined || rejectedScore === undefined) {
      throw new InputError(
        `${at}: no scores of both responses, which goals are made of; use data with scores, such as score_chosen and score_rejected, or implicitScores(run, pairs)`,
      );
    }
    if (tokens)
      throw new InputError(
        `${at}: it has tokens in place of texts, to which no goal can be added; remove its "tokens"`,
      );
    return { chosen: chosenScore, rejected: rejectedScore };
  });
  const all = scores.flatMap(({ chosen, rejected }) => [chosen, rejected]);
  const within = (low: number, high: number) => all.every((score) => score >= low && score <= high);
  if (anyScale || within(1, topGoal)) return scores;
  if (within(0, 1))
    return scores.map(({ chosen, rejected }) => ({ chosen: goalReached(chosen), rejected: goalReached(rejected) }));
  const odd = all.find((score) => !(score >= 0 && score <= topGoal)) ?? Math.min(...all);
  throw new InputError(
    `goals: found a score of ${odd}, expected all scores in [1, 10], or all in [0, 1]; scale them, or say what they mean by \`text\``,
  );
}

/** Whether each pair's prompt is in a randomly drawn half of the prompts. */
function halfOf(pairs: readonly PreferencePair[], random: Random): boolean[] {
  const keys = pairs.map(promptKey);
  const prompts = [...new Set(keys)];
  const drawn = new Set(random.shuffle(prompts).slice(0, Math.ceil(prompts.length / 2)));
  return keys.map((key) => drawn.has(key));
}

/** The pair with its responses swapped, on purpose and not as noise. */
function exchanged({ chosen, rejected, chosenScore, rejectedScore, ...pair }: PreferencePair): PreferencePair {
  return { ...pair, chosen: rejected, rejected: chosen, chosenScore: rejectedScore!, rejectedScore: chosenScore! };
}

const isFiniteNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);

const textOptions = ["place", "text"] as const satisfies readonly (keyof GoalTextOptions)[];

function checkTextOptions({ place = "system", text }: GoalTextOptions): void {
  if (!goalPlaces.includes(place))
    throw new InputError(`place: found ${quote(place)}, expected one of ${goalPlaces.join(", ")}`);
  if (text !== undefined && typeof text !== "function")
    throw new InputError(`text: found ${quote(text)}, expected a function from a goal to its words`);
}

/** For each reward, the share of all rewards that are no larger, in (0, 1]. */
export function rewardShares(rewards: readonly number[]): number[] {
  const sorted = rewards.toSorted((a, b) => a - b);
  const noLarger = new Map(sorted.map((reward, i) => [reward, i + 1]));
  return rewards.map((reward) => noLarger.get(reward)! / rewards.length);
}
