import { z } from "zod";
import { checkJsonBounds } from "../json.js";
import { readWithin } from "../response-body.js";

/** Bytes of a response, far more than the longest answer takes. */
const longestBody = 16e6;

/** `fetch` that reads no more of a response than an answer can be, and no JSON beyond the bounds of {@link checkJsonBounds}. */
export const fetchAnswer: typeof fetch = async (input, init) => {
  const response = await readWithin(await fetch(input, init), longestBody);
  checkJsonBounds(await response.clone().text());
  return response;
};

/**
 * A number of tokens that a server reports. Where it is not a count (negative, say), the reported usage is ignored and
 * the budget keeps its own estimate, so that no server can lift the cap.
 */
export const tokenCount = z.int().nonnegative();

/**
 * Validates the part of a server's response that is used: a server may send anything, whatever the SDK's types say.
 *
 * @throws Error naming the first field that is missing or invalid
 */
export function readResponse<T>(schema: z.ZodType<T>, response: unknown): T {
  const result = schema.safeParse(response);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0]!;
  throw new Error(`unexpected response format: ${path.join(".") || "response"}: ${message}`);
}
