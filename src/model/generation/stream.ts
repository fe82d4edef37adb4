import type { Random } from "../../base/random.js";
import type { TaskOptions } from "../../base/task.js";
import type { Policy } from "../policy/policy.js";
import { generateTokens, type GenerationOptions, type GenerationRequest, type Generation } from "./generate.js";
import { TextStream } from "./text-stream.js";

/** The text that a step adds to a response. */
export interface TextPiece extends Pick<Generation, "request" | "number"> {
  /** May be empty: a character can take several tokens, and a stop token has no text. */
  readonly text: string;
  /** Number of tokens in the response so far. */
  readonly tokens: number;
  /** Whether it is the last of its response. */
  readonly last: boolean;
}

/**
 * Generates like {@link generate}, and yields the text as it grows: after each token one piece for each response that has not
 * ended. If the caller stops iterating, generation stops.
 *
 * @throws RangeError as {@link generate} does
 * @example
 * for await (const [piece] of stream(policy, [{ key: "0", prompt, responses: 1 }], Random.seeded(1))) process.stdout.write(piece!.text);
 */
export async function* stream(
  policy: Policy,
  requests: readonly GenerationRequest[],
  random: Random,
  options: Omit<GenerationOptions, "known" | "logProbs"> = {},
  work: Pick<TaskOptions, "signal"> = {},
): AsyncGenerator<TextPiece[]> {
  const open = new Map<string, { readonly text: TextStream; tokens: number }>();
  for await (const step of generateTokens(policy, requests, random, options, work)) {
    yield step.map(({ request, number, token, last }) => {
      const name = `${request}/${number}`;
      const row = open.get(name) ?? { text: new TextStream(policy.tokenizer), tokens: 0 };
      if (last) open.delete(name);
      else open.set(name, row);
      const grown = row.text.push(token);
      return { request, number, text: last ? grown + row.text.end() : grown, tokens: ++row.tokens, last };
    });
  }
}
