import { diffArrays } from "diff";
import { InputError, quote } from "../../base/errors.js";
import { Random } from "../../base/random.js";
import type { Editor } from "../bridge.js";
import { goldReward } from "./gold.js";
import { parsePrompt, type WorldRequest } from "./request.js";
import { ordinals, words } from "./vocabulary.js";
import { answer, writers, type Writer } from "./writers.js";

/** A writer who makes no mistakes, and one who makes all of them. */
const [faultless, faulty] = [0, 1].map((slips) =>
  Object.fromEntries(
    Object.entries(writers[0]!).map(([name, value]) => [name, typeof value === "number" ? slips : value]),
  ),
) as unknown as [Writer, Writer];

/**
 * The editor of the synthetic world, a program for {@link bridge}. It replaces as few sentences of a response as
 * possible by those of the other response: first the replacement that gains the most gold reward (or loses the most, to
 * worsen it), until the response is as good (or as bad) as the other, or no replacement helps. If it does not see the
 * other response, it takes the sentences from an answer of its own, without faults or full of them. A response that is
 * already as good needs no edit.
 *
 * It knows the gold reward, just as the paper's editor is a model far stronger than the policy; its edits are not
 * labels of the data. `edit` throws InputError for a prompt that does not belong to the synthetic world.
 */
export function worldEditor(): Editor {
  return {
    ...{ name: "world editor", version: "1" },
    edit({ prompt, response, other, way }) {
      const request = typeof prompt === "string" ? parsePrompt(prompt) : undefined;
      if (!request)
        throw new InputError(
          `the editor of the synthetic world edits only responses to prompts of the synthetic world, not to ${quote(prompt, 120)}; use an llmEditor or one of your own`,
        );
      const sign = way === "improve" ? 1 : -1;
      const value = (text: string) => sign * goldReward(prompt as string, text).total;
      return towards(response, other ?? ownAnswer(request, response, way === "improve" ? faultless : faulty), value);
    },
  };
}

/** An answer that depends only on the request and the response it is for. */
function ownAnswer(request: WorldRequest, response: string, writer: Writer): string {
  return answer(request, writer, Random.seeded(0).fork("editor", JSON.stringify(request), response));
}

/** Replaces a few sentences of a text by those of another until it is worth as much; null if no replacement gains anything. */
function towards(text: string, other: string, value: (text: string) => number): string | null {
  const goal = value(other);
  const { parts, candidates } = exchanges(sentencesOf(text), sentencesOf(other));
  let taken: ReadonlySet<number> = new Set();
  const written = (places: ReadonlySet<number>) =>
    writeSentences(parts.flatMap((part, i) => (places.has(i) ? part.theirs : part.own)));
  for (let reached = value(text); reached < goal; ) {
    let best: ReadonlySet<number> | undefined;
    for (const candidate of candidates) {
      const places = new Set([...taken, ...candidate]);
      const worth = value(written(places));
      if (worth > reached) [best, reached] = [places, worth];
    }
    if (!best) break;
    taken = best;
  }
  return taken.size === 0 ? null : written(taken);
}

/** An aligned part of both texts: the sentences of each. */
interface Part {
  readonly own: readonly string[];
  readonly theirs: readonly string[];
}

/** Aligns two texts and lists what can be exchanged together: single sentences first, then whole stretches that differ. */
function exchanges(
  own: readonly string[],
  theirs: readonly string[],
): { readonly parts: readonly Part[]; readonly candidates: readonly (readonly number[])[] } {
  const parts: Part[] = [];
  const stretches: number[][] = [];
  const changes = diffArrays([...own], [...theirs]);
  for (let i = 0; i < changes.length; i++) {
    const { value, added, removed } = changes[i]!;
    const after = removed && changes[i + 1]?.added ? changes[++i]!.value : [];
    const [left, right] = added ? [[], value] : removed ? [value, after] : [value, value];
    const places = Array.from(
      { length: Math.max(left.length, right.length) },
      (_, at) => parts.push({ own: left.slice(at, at + 1), theirs: right.slice(at, at + 1) }) - 1,
    );
    if (added || removed) stretches.push(places);
  }
  return {
    parts,
    candidates: [...stretches.flat().map((place) => [place]), ...stretches.filter(({ length }) => length > 1)],
  };
}

const step = "#";

/** The sentences of an answer, with their marks; the ordinal of a step, which follows from its position, is left open. */
function sentencesOf(text: string): string[] {
  const sentences: string[][] = [[]];
  for (const word of words(text)) {
    const isFirst = sentences.at(-1)!.length === 0;
    sentences.at(-1)!.push(isFirst && ordinals.includes(word) ? step : word);
    if (word === "." || word === "!") sentences.push([]);
  }
  return sentences.filter((sentence) => sentence.length > 0).map((sentence) => sentence.join(" "));
}

/** Steps past the last ordinal keep it. */
function writeSentences(sentences: readonly string[]): string {
  let steps = 0;
  return sentences
    .map((sentence) =>
      sentence.startsWith(`${step} `)
        ? `${ordinals[Math.min(steps++, ordinals.length - 1)]}${sentence.slice(1)}`
        : sentence,
    )
    .join(" ");
}
