import type { Prompt } from "../data/pair.js";
import { unknownNotes } from "../data/unknown-tokens.js";
import { stream } from "../model/generation/stream.js";
import type { Policy } from "../model/policy/policy.js";
import { cell } from "../notebook/display.js";
import { liveDisplay } from "../notebook/live-display.js";
import { showResponses } from "../notebook/text/show-responses.js";
import { fittingContextTokens } from "./guidance.js";
import { requirePrompts } from "./require-prompts.js";
import { checkRespondOptions, randomOfResponses, resolvedResponding, type RespondOptions } from "./respond.js";

/**
 * Generates a response to a prompt and shows it as it is generated. The partial response stays if the cell is
 * interrupted. The text equals that of {@link respond} with the same options.
 *
 * @returns the response
 * @example const answer = await streamResponse(policy, "cook a soup with rice .", { temperature: 0.7 });
 * @throws RangeError if the prompt leaves no room for a response; InputError if it is not a prompt
 */
export async function streamResponse(
  policy: Policy,
  prompt: Prompt,
  options: Omit<RespondOptions, "responses"> = {},
): Promise<string> {
  checkRespondOptions("streamResponse", options, ["responses"]);
  requirePrompts([prompt]);
  const { seed, generation } = resolvedResponding(policy, options);
  const request = { ...fittingContextTokens(policy, prompt, options.guidance), key: "0", responses: 1 };
  for (const note of unknownNotes([request.prompt], policy.tokenizer)) cell.reporter.note?.(`streamResponse: ${note}`);
  const shown = liveDisplay();
  const written = { prompt, response: "", tokens: 0 };
  try {
    for await (const [piece] of stream(policy, [request], randomOfResponses(seed), generation, cell)) {
      written.response += piece!.text;
      written.tokens = piece!.tokens;
      await shown.show(showResponses([{ ...written, response: `${written.response}▌` }]));
    }
  } finally {
    if (written.tokens > 0) await shown.finish(showResponses([written]));
  }
  return written.response;
}
