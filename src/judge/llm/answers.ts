import { z } from "zod";
import { quote } from "../../base/errors.js";
import { parseForeignJson } from "../../base/json.js";

const reason = z.string("text").default("");

/** Schema of an answer to a pairwise question: which of A and B is better. */
export const pairwiseAnswer = z.object({
  reason,
  verdict: z
    .string('"A", "B" or "tie"')
    .trim()
    .toLowerCase()
    .pipe(z.enum(["a", "b", "tie"], '"A", "B" or "tie"')),
});

/** Schema of an answer to a grading question. */
export const gradeAnswer = z.object({
  reason,
  grade: z.int("a whole number from 1 to 10").min(1, "at least 1").max(10, "at most 10"),
});

/** Schema of an answer to a request for an edit: the edited text, or null if no edit is needed. */
export const editAnswer = z.object({ reason, edited: z.string("text, or null").nullable() });

/** A parsed answer, or what is wrong with it. */
export type ReadAnswer<T> = { readonly value: T } | { readonly wrong: string };

/** Maximum characters of an answer; even a reasoning model writes less. */
const longestAnswer = 1_000_000;

/** Maximum number of opening braces tried as the start of the JSON object. */
const mostBraces = 100;

/**
 * Parses the last JSON object in an answer; models put prose or a code fence around it.
 *
 * @param schema its messages say what is expected
 */
export function readAnswer<T>(schema: z.ZodType<T>, text: string): ReadAnswer<T> {
  if (text.trim() === "") return { wrong: "the answer is empty; expected one JSON object" };
  if (text.length > longestAnswer)
    return { wrong: `the answer is ${text.length} characters long; expected one JSON object` };
  const object = lastObject(text);
  if (object === undefined) return { wrong: `no JSON object in ${quote(text, 200)}` };
  const result = schema.safeParse(object);
  if (result.success) return { value: result.data };
  const { path, message } = result.error.issues[0]!;
  const field = path.join(".");
  const value = (object as Record<string, unknown>)[String(path[0])];
  return {
    wrong:
      value === undefined
        ? `field "${field}" is missing; expected ${message}`
        : `field "${field}" is ${quote(value)}; expected ${message}`,
  };
}

function lastObject(text: string): unknown {
  const end = text.lastIndexOf("}") + 1;
  let start = text.indexOf("{");
  for (let tried = 0; start !== -1 && start < end && tried < mostBraces; tried++) {
    try {
      return parseForeignJson(text.slice(start, end));
    } catch {
      start = text.indexOf("{", start + 1);
    }
  }
  return undefined;
}
