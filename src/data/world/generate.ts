import { InputError, quote } from "../../base/errors.js";
import { Random } from "../../base/random.js";
import { preferenceProbability } from "../../stats/bradley-terry.js";
import { flipLabels } from "../flip-labels.js";
import type { Demonstration } from "../load-demonstrations.js";
import type { PreferencePair } from "../pair.js";
import { combinations, type Combination } from "./combinations.js";
import { goldReward } from "./gold.js";
import { writePrompt, type WorldRequest } from "./request.js";
import { closingPhrase, domains, goalWords, remarks, tones, type Domain } from "./vocabulary.js";
import { answer, writers } from "./writers.js";

/** Size of a synthetic world, and noise of its training labels. */
export interface WorldOptions {
  readonly seed: number;
  /** Numbers of prompts, each with one pair (training, validation, held out) or one response (demonstrations). */
  readonly trainPrompts: number;
  readonly validationPrompts: number;
  readonly heldOutPrompts: number;
  readonly demonstrations: number;
  /** Share of the training labels to flip; default 0. */
  readonly flipShare?: number;
  /**
   * Goals in the prompts of demonstrations ("goal nine ."), so that a model trained on them knows the words: the goal
   * that the answer reaches ("gold"), or any goal ("random"). The tokenizer then includes the words for goals. Default:
   * none.
   */
  readonly goals?: "gold" | "random";
  /** Shares of the chosen training responses that get a feature the gold reward ignores. */
  readonly spurious?: {
    /** Share that gets "hope this helps ." */
    readonly closing: number;
    /** Share that gets two idle remarks, which make it longer. */
    readonly length: number;
  };
}

/** A pair whose scores are gold rewards, which training must not read. */
export type GoldPair = PreferencePair & {
  readonly prompt: string;
  readonly chosenScore: number;
  readonly rejectedScore: number;
};

/** Result of {@link generateWorld}. */
export interface World {
  readonly train: readonly GoldPair[];
  readonly validation: readonly GoldPair[];
  readonly heldOut: readonly GoldPair[];
  readonly demonstrations: readonly (Demonstration & { readonly prompt: string })[];
  /** Whether the vocabulary includes the words for goals. */
  readonly hasGoals: boolean;
}

/** The world whose files ship in `data/world/`. */
export const shippedWorld: WorldOptions = {
  seed: 1,
  trainPrompts: 4000,
  validationPrompts: 300,
  heldOutPrompts: 500,
  demonstrations: 6000,
};

/** Temperature of the Bradley–Terry labels: P(a ≻ b) = σ((gold(a) − gold(b)) / temperature). */
export const labelTemperature = 0.09;

/**
 * Generates prompts, responses and labels. Label flips and the spurious feature change nothing else: prompts, responses
 * and unflipped labels are those of the same seed without them.
 *
 * Training (pairs and demonstrations), validation and held-out prompts share no combination of verb, object and items.
 * In training, a combination repeats only once all {@link combinations} are used up.
 *
 * @throws InputError for a count that is not a whole number, a share outside [0, 1], or so many evaluation prompts that
 *   no combination is left to train on
 */
export function generateWorld(options: WorldOptions): World {
  check(options);
  const { trainPrompts, validationPrompts, heldOutPrompts, demonstrations } = options;
  const random = Random.seeded(options.seed).fork("world");
  const shuffled = random.fork("combinations").shuffle(combinations());
  const evaluation = heldOutPrompts + validationPrompts;
  const training = shuffled.slice(evaluation);
  const requests = (split: string, count: number, from: readonly Combination[], offset = 0) =>
    Array.from({ length: count }, (_, i) =>
      completeRequest(from[(offset + i) % from.length]!, random.fork(split, "request", i)),
    );
  const pairs = (split: string, of: readonly WorldRequest[]) =>
    of.map((request, i) => makePair(idOf(split, i), request, random.fork(split, "pair", i)));

  const labelled = pairs("train", requests("train", trainPrompts, training));
  // A flip swaps fields, so a GoldPair remains one.
  const flipped = flipLabels(labelled, options.flipShare ?? 0, random.fork("flips")) as GoldPair[];
  return {
    train: options.spurious ? plantFeature(flipped, options.spurious, random.fork("spurious")) : flipped,
    validation: pairs(
      "validation",
      requests("validation", validationPrompts, shuffled.slice(heldOutPrompts, evaluation)),
    ),
    heldOut: pairs("heldout", requests("heldout", heldOutPrompts, shuffled.slice(0, heldOutPrompts))),
    demonstrations: requests("demonstration", demonstrations, training, trainPrompts).map((request, i) => {
      const draw = random.fork("demonstration", "answer", i);
      const response = answer(request, draw.pick(writers), draw);
      return {
        id: idOf("demonstration", i),
        prompt: writePrompt({ ...request, ...goalOf(request, response, options.goals, random.fork("goal", i)) }),
        response,
      };
    }),
    hasGoals: options.goals !== undefined,
  };
}

function goalOf(
  request: WorldRequest,
  response: string,
  goals: WorldOptions["goals"],
  random: Random,
): Pick<WorldRequest, "goal"> {
  if (goals === undefined) return {};
  return {
    goal:
      goals === "random"
        ? 1 + random.integer(goalWords.length)
        : goalReached(goldReward(writePrompt(request), response).total),
  };
}

/** The goal from 1 to 10 that a reward in [0, 1] reaches: ten times the reward, rounded to the nearest whole number. */
export function goalReached(reward: number): number {
  return Math.min(10, Math.max(1, Math.round(10 * reward)));
}

/** Completes a combination to a request by drawing everything else that a prompt can ask for. */
function completeRequest({ verb, object, items }: Combination, random: Random): WorldRequest {
  const domain: Domain = domains[verb];
  const others = domain.items.filter((item) => !items.includes(item));
  return {
    verb,
    object,
    items: random.shuffle(items),
    steps: 2 + random.integer(3),
    ...(random.uniform() < 0.65 && { forbidden: random.pick(others) }),
    ...(random.uniform() < 0.4 && { beginWith: random.pick(items) }),
    tone: random.pick(tones),
  };
}

/** Draws answers of two different writers until they differ, and labels them by Bradley–Terry. */
function makePair(id: string, request: WorldRequest, random: Random): GoldPair {
  const prompt = writePrompt(request);
  for (;;) {
    const [first, second] = random
      .shuffle(writers)
      .slice(0, 2)
      .map((writer) => answer(request, writer, random)) as [string, string];
    if (first === second) continue;
    const gold = (response: string) => goldReward(prompt, response).total;
    const preferFirst = random.uniform() < preferenceProbability(gold(first), gold(second), labelTemperature);
    const [chosen, rejected] = preferFirst ? [first, second] : [second, first];
    return { id, prompt, chosen, rejected, chosenScore: gold(chosen), rejectedScore: gold(rejected) };
  }
}

function plantFeature(
  pairs: readonly GoldPair[],
  { closing, length }: NonNullable<WorldOptions["spurious"]>,
  random: Random,
): GoldPair[] {
  return pairs.map((pair, i) => {
    const draw = random.fork(i);
    const phrases = [...(draw.uniform() < length ? remarks : []), ...(draw.uniform() < closing ? [closingPhrase] : [])];
    // A phrase already there is not repeated, which would cost fluency.
    const added = phrases.map(({ text }) => text).filter((text) => !pair.chosen.includes(text));
    const chosen = [pair.chosen, ...added].join(" ");
    // With more sentences, a faulty one weighs less, so the score can change a little; the label does not.
    return { ...pair, chosen, chosenScore: goldReward(pair.prompt, chosen).total };
  });
}

function idOf(split: string, i: number): string {
  return `${split}-${String(i).padStart(5, "0")}`;
}

function check({
  trainPrompts,
  validationPrompts,
  heldOutPrompts,
  demonstrations,
  flipShare = 0,
  spurious,
  goals,
}: WorldOptions): void {
  for (const [name, count] of Object.entries({ trainPrompts, validationPrompts, heldOutPrompts, demonstrations })) {
    if (!Number.isInteger(count) || count < 0)
      throw new InputError(`${name}: found ${count}, expected a whole number of at least 0`);
  }
  for (const [name, share] of Object.entries({ flipShare, ...spurious })) {
    if (!(share >= 0 && share <= 1)) throw new InputError(`${name}: found ${share}, expected a share in [0, 1]`);
  }
  if (goals !== undefined && goals !== "gold" && goals !== "random")
    throw new InputError(`goals: found ${quote(goals)}, expected "gold" or "random"`);
  const available = combinations().length;
  if (heldOutPrompts + validationPrompts >= available) {
    throw new InputError(
      `heldOutPrompts + validationPrompts: found ${heldOutPrompts + validationPrompts}, expected fewer than the ` +
        `${available} combinations of the world, so that some are left to train on`,
    );
  }
}
