import { InputError, quote } from "../base/errors.js";
import { goldRewardOf, goldRewardsOf } from "../data/gold.js";
import type { NamedPrompt } from "../data/load-prompts.js";
import type { PreferencePair } from "../data/pair.js";
import {
  tokenizePairs,
  tokenizePrompts,
  type TokenizedPair,
  type TokenizedPrompt,
  type TokenizeOptions,
} from "../data/tokenize.js";
import type { Tokenizer } from "../model/tokenizer/tokenizer.js";
import type { HeldOut, InputTexts } from "../run/input.js";

/**
 * Prepares held-out pairs for a run. Prompts of the synthetic world and of the instructions come with their gold reward.
 *
 * @param tokenized the pairs as tokens, without those that did not fit
 * @param pairs the pairs as texts
 */
export function heldOutPairs(tokenized: readonly TokenizedPair[], pairs: readonly PreferencePair[]): HeldOut {
  return { pairs: tokenized, ...goldOf(tokenized, pairs) };
}

/**
 * Prepares held-out prompts without responses for a run.
 *
 * @param tokenized the prompts as tokens, without those that did not fit
 * @param prompts the prompts as texts
 * @param where they come from, for the error
 * @throws InputError naming the first of them without a gold reward
 */
export function heldOutPrompts(
  tokenized: readonly TokenizedPrompt[],
  prompts: readonly NamedPrompt[],
  where = "heldOut",
): HeldOut {
  const promptOf = textsById(prompts);
  const lacking = tokenized.find(({ id }) => !goldRewardOf(promptOf.get(id)!));
  if (lacking)
    throw new InputError(
      `${where}: the prompt ${quote(lacking.id)} has neither responses nor a gold reward by which a response to it could be scored: ${quote(promptOf.get(lacking.id))}; ` +
        "leave it out, or give preference pairs",
    );
  return { pairs: [], prompts: tokenized, ...goldOf(tokenized, prompts) };
}

/** Returns the function that tokenizes the texts of a run; held-out rows are pairs, or prompts without responses. */
export function textTokenizer(tokenizer: Tokenizer, options: TokenizeOptions): InputTexts["tokenized"] {
  const tokenize = (pairs: readonly PreferencePair[]) => tokenizePairs(pairs, tokenizer, options).pairs;
  const heldOutOf = (rows: readonly (PreferencePair | NamedPrompt)[]): HeldOut => {
    if (rows.every(isPair)) return heldOutPairs(tokenize(rows), rows);
    return heldOutPrompts(tokenizePrompts(rows, tokenizer, options).prompts, rows);
  };
  return ({ pairs, heldOut, validation }) => ({
    pairs: tokenize(pairs),
    ...(heldOut?.length && { heldOut: heldOutOf(heldOut) }),
    ...(validation?.length && { validation: tokenize(validation) }),
  });
}

const isPair = (row: PreferencePair | NamedPrompt): row is PreferencePair => "chosen" in row;

function goldOf(tokenized: readonly TokenizedPrompt[], rows: readonly NamedPrompt[]): Pick<HeldOut, "gold"> {
  const promptOf = textsById(rows);
  const rewards = goldRewardsOf(tokenized.map(({ id }) => promptOf.get(id)!));
  return rewards ? { gold: (i, response) => rewards[i]!(response) } : {};
}

const textsById = (rows: readonly NamedPrompt[]) => new Map(rows.map(({ id, prompt }) => [id, prompt]));
