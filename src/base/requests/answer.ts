import { z } from "zod";
import { checkJsonBounds } from "../json.js";
import { readWithin } from "../response-body.js";

/** Maximum bytes of a response, far more than the longest answer. */
const longestBody = 16e6;

/** Error for a server's redirect. */
export class RedirectError extends Error {
  constructor(readonly location: string) {
    super("a redirect");
  }
}

/**
 * A `fetch` that limits the size of responses, rejects JSON beyond the bounds of {@link checkJsonBounds}, and follows
 * no redirects: requests may be as secret as the key, and go only to the named host.
 *
 * @throws RedirectError if it would be redirected
 */
export const fetchAnswer: typeof fetch = async (input, init) => {
  const answer = await fetch(input, { ...init, redirect: "manual" });
  const location = answer.headers.get("location");
  if (answer.status >= 300 && answer.status < 400 && location !== null) {
    await answer.body?.cancel();
    throw new RedirectError(location);
  }
  const response = await readWithin(answer, longestBody);
  checkJsonBounds(await response.clone().text());
  return response;
};

/**
 * A number of tokens reported by a server. If it is not a count (for example negative), the reported usage is ignored
 * and the budget keeps its own estimate, so that no server can lift the cap.
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
