import { diffArrays } from "diff";
import { InputError, quote } from "../base/errors.js";
import { askOwn, interruptGrace } from "../base/own-function.js";
import { checkOptionNames } from "../base/option-names.js";
import type { TaskOptions } from "../base/task.js";
import type { PreferencePair, Prompt } from "./pair.js";

/** Which response of a pair is edited, and how: improve the rejected one, or worsen the chosen one. */
export const editWays = ["improve", "worsen"] as const;
export type EditWay = (typeof editWays)[number];

/** A request to an {@link Editor}. */
export interface EditRequest {
  readonly prompt: Prompt;
  /** The response to edit, changing as little as possible. */
  readonly response: string;
  /** The pair's other response, from which the edit takes what makes the difference; undefined if the editor does not see it. */
  readonly other?: string;
  readonly way: EditWay;
}

/** Rewrites single responses: a program, a language model, or your own function. */
export interface Editor {
  readonly name: string;
  /** Version of the editor's code. */
  readonly version: string;
  /** Everything other than its code that its edits depend on, such as a model and its prompt. */
  readonly settings?: unknown;
  /** @returns the edited response, or null if it needs no edit */
  edit(request: EditRequest, task?: Pick<TaskOptions, "signal">): Promise<string | null> | string | null;
}

/** Options of {@link bridge}. */
export interface BridgeOptions {
  /**
   * Default "improve": the edited rejected response becomes the new chosen one. With "worsen", the edited chosen
   * response becomes the new rejected one.
   */
  readonly way?: EditWay;
  /** Whether the editor sees the pair's other response. Default true. */
  readonly seesOther?: boolean;
}

/** Result of {@link bridge}. */
export interface Bridged {
  readonly pairs: PreferencePair[];
  /** Pairs with an edited response. */
  readonly edited: number;
  /** Pairs left unchanged because the response needs no edit. */
  readonly unneeded: number;
  /**
   * Pairs left unchanged because the edit was unusable: empty, identical to the response, or farther from it than the
   * pair's other response is.
   */
  readonly unusable: number;
}

/**
 * Bridges pairs: rewrites one response of each so that the two differ in little except what makes one better (Jiang et
 * al. 2024, arXiv 2408.07471, section 3.1). By default, the editor improves the rejected response with the chosen one
 * in sight, and the result becomes the new chosen response; if no edit is needed, the pair is unchanged. An edited
 * response loses its score.
 *
 * @param editor `worldEditor()`, an `await llmEditor(…)`, or `{ name, version, edit }`
 * @example const { pairs: bridged } = await bridge(pairs, worldEditor());
 * @throws InputError if the editor fails or returns anything but text or null, or if most of its edits are unusable
 */
export async function bridge(
  pairs: readonly PreferencePair[],
  editor: Editor,
  options: BridgeOptions = {},
  { signal, onProgress }: TaskOptions = {},
): Promise<Bridged> {
  checkPairs(pairs);
  checkOptionNames("bridge", options, bridgeOptions);
  const { way = "improve", seesOther = true } = options;
  if (!editWays.includes(way)) throw new InputError(`way: found ${quote(way)}, expected one of ${editWays.join(", ")}`);
  checkEditor(editor);
  // An editor that reports its spending is a paid one.
  const grace = "spent" in editor ? interruptGrace : 0;
  let done = 0;
  const edits = await inTurns(pairs, async (pair) => {
    signal?.throwIfAborted();
    const [response, other] = way === "improve" ? [pair.rejected, pair.chosen] : [pair.chosen, pair.rejected];
    const request = { prompt: pair.prompt, response, ...(seesOther && { other }), way };
    const [at, who] = [`pair ${quote(pair.id)}: `, `the editor ${quote(editor.name)}`];
    const ask = () => editor.edit(request, { ...(signal && { signal }) });
    const edited: unknown = await askOwn<unknown>(at, who, ask, { signal, grace });
    if (edited !== null && typeof edited !== "string")
      throw new InputError(
        `${at}${who} returned ${quote(edited)}; it must return the edited text, or null where none is needed`,
      );
    onProgress?.(++done, pairs.length);
    return { edited, why: edited === null ? undefined : whyUnusable(edited, response, other) };
  });
  const unusable = edits.filter(({ why }) => why !== undefined).length;
  if (2 * unusable > pairs.length) {
    const first = edits.findIndex(({ why }) => why !== undefined);
    throw new InputError(
      `the editor ${quote(editor.name)} gave no usable edit for ${unusable} of ${pairs.length} pairs; for pair ${quote(pairs[first]!.id)} it returned ${edits[first]!.why}`,
    );
  }
  return {
    pairs: pairs.map((pair, i) =>
      edits[i]!.edited === null || edits[i]!.why !== undefined ? pair : bridged(pair, edits[i]!.edited, way),
    ),
    edited: edits.filter(({ edited, why }) => edited !== null && why === undefined).length,
    unneeded: edits.filter(({ edited }) => edited === null).length,
    unusable,
  };
}

/** Maximum number of concurrent edits; an editor's own limit may be lower. */
const mostAtOnce = 64;

async function inTurns<T, R>(items: readonly T[], one: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let i = 0; i < items.length; i += mostAtOnce) {
    const some = items.slice(i, i + mostAtOnce).map(one);
    // Await all answers, which are paid for, even if one fails.
    await Promise.allSettled(some);
    results.push(...(await Promise.all(some)));
  }
  return results;
}

function bridged(before: PreferencePair, edited: string, way: EditWay): PreferencePair {
  const { chosenScore, rejectedScore, tokens: _, ...pair } = before;
  // An edit that equals the pair's own response leaves the pair unchanged, so its score still holds.
  if (edited === (way === "improve" ? pair.chosen : pair.rejected)) return before;
  if (way === "improve") return { ...pair, chosen: edited, ...(rejectedScore !== undefined && { rejectedScore }) };
  return { ...pair, rejected: edited, ...(chosenScore !== undefined && { chosenScore }) };
}

function whyUnusable(edited: string, response: string, other: string): string | undefined {
  if (edited.trim() === "") return "an empty text";
  if (edited.trim() === response.trim()) return "the response unchanged; return null where none is needed";
  const [changed, between] = [editDistance(edited, response), editDistance(other, response)];
  return changed > between
    ? `a text that differs in ${changed} words from the response, from which the pair's other response differs in ${between}`
    : undefined;
}

/** Counts the words that are in only one of two texts, outside their longest common subsequence. */
export function editDistance(a: string, b: string): number {
  const words = (text: string) => text.split(/\s+/).filter(Boolean);
  return diffArrays(words(a), words(b)).reduce(
    (count, part) => count + (part.added || part.removed ? part.count : 0),
    0,
  );
}

const bridgeOptions = ["way", "seesOther"] as const satisfies readonly (keyof BridgeOptions)[];

/** Notebook cells may pass values of any type. */
function checkPairs(pairs: unknown): void {
  const expected = "{id, prompt, chosen, rejected}";
  if (!Array.isArray(pairs)) throw new InputError(`pairs: found ${quote(pairs)}, expected a list of pairs ${expected}`);
  for (const [i, pair] of pairs.entries()) {
    const { id, prompt, chosen, rejected } = (pair ?? {}) as Partial<PreferencePair>;
    const isPair = (typeof prompt === "string" || Array.isArray(prompt)) && [chosen, rejected].every(isText);
    if (!isPair)
      throw new InputError(`pair ${id === undefined ? i : quote(id)}: found ${quote(pair)}, expected ${expected}`);
  }
}

const isText = (value: unknown) => typeof value === "string";

function checkEditor(editor: Editor): void {
  const { name, version, edit } = (editor ?? {}) as Partial<Editor>;
  if (
    typeof name === "string" &&
    name !== "" &&
    typeof version === "string" &&
    version !== "" &&
    typeof edit === "function"
  )
    return;
  throw new InputError(
    `editor: found ${quote(editor)}, expected worldEditor(), await llmEditor(…), or an editor of your own, { name: "…", version: "1", edit: … }`,
  );
}
