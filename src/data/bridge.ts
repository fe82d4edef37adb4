import { diffArrays } from "diff";
import { InputError, quote } from "../base/errors.js";
import { askOwn, interruptGrace } from "../base/own-function.js";
import { checkOptionNames } from "../base/option-names.js";
import type { TaskOptions } from "../base/task.js";
import type { PreferencePair, Prompt } from "./pair.js";

/** Which response of a pair is edited, and how: the rejected one for the better, or the chosen one for the worse. */
export const editWays = ["improve", "worsen"] as const;
export type EditWay = (typeof editWays)[number];

/** What an {@link Editor} is asked. */
export interface EditRequest {
  readonly prompt: Prompt;
  /** The response to be changed, as little as it takes. */
  readonly response: string;
  /** The pair's other response, of which the edit is to take what makes the difference; undefined where the editor does not see it. */
  readonly other?: string;
  readonly way: EditWay;
}

/** Rewrites single responses: a program, a language model, or one of your own. */
export interface Editor {
  readonly name: string;
  /** Of its code. */
  readonly version: string;
  /** What its edits depend on besides its code, such as a model and its prompt. */
  readonly settings?: unknown;
  /** @returns the edited response, or null where the response needs no edit */
  edit(request: EditRequest, task?: Pick<TaskOptions, "signal">): Promise<string | null> | string | null;
}

/** How pairs are bridged. */
export interface BridgeOptions {
  /** Default "improve": the rejected response becomes the new chosen one. With "worsen" the chosen one becomes the new rejected one. */
  readonly way?: EditWay;
  /** Whether the editor sees the pair's other response. Default true. */
  readonly seesOther?: boolean;
}

/** What {@link bridge} made of some pairs. */
export interface Bridged {
  readonly pairs: PreferencePair[];
  /** Pairs with an edited response. */
  readonly edited: number;
  /** Pairs whose response needs no edit, and which stay as they are. */
  readonly unneeded: number;
  /** Pairs that stay as they are because their edit was of no use: the same text, none, or farther from the response than the pair's other one is. */
  readonly unusable: number;
}

/**
 * Bridges pairs: rewrites one response of each so that both differ in little but what makes one of them better (Jiang et
 * al. 2024, arXiv 2408.07471, section 3.1). By default the rejected response is improved with the chosen one in sight, and
 * is the new chosen one; where it needs no edit, the pair keeps its own. Scores of a response that was edited are gone.
 *
 * @param editor `worldEditor()`, an `await llmEditor(…)`, or `{ name, version, edit }`
 * @example const { pairs: bridged } = await bridge(pairs, worldEditor());
 * @throws InputError where the editor fails or gives something else than text or null, or most of its edits are of no use
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
  // One that says what it has spent is paid for.
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

/** Editors that are being waited for at the same time, at most; an editor's own limits may be lower. */
const mostAtOnce = 64;

async function inTurns<T, R>(items: readonly T[], one: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let i = 0; i < items.length; i += mostAtOnce) {
    const some = items.slice(i, i + mostAtOnce).map(one);
    // The answers that are paid for are waited for even if one fails.
    await Promise.allSettled(some);
    results.push(...(await Promise.all(some)));
  }
  return results;
}

function bridged(before: PreferencePair, edited: string, way: EditWay): PreferencePair {
  const { chosenScore, rejectedScore, tokens: _, ...pair } = before;
  // An edit that is the other response makes no other pair, and its score still holds.
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

/** How many words of two texts are in one of them alone, in a longest common subsequence of both. */
export function editDistance(a: string, b: string): number {
  const words = (text: string) => text.split(/\s+/).filter(Boolean);
  return diffArrays(words(a), words(b)).reduce(
    (count, part) => count + (part.added || part.removed ? part.count : 0),
    0,
  );
}

const bridgeOptions = ["way", "seesOther"] as const satisfies readonly (keyof BridgeOptions)[];

/** Rows come from cells, whose values are of any type. */
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
