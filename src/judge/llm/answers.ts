import { z } from "zod";
import { quote } from "../../base/errors.js";

const reason = z.string("text").default("");

/** What an answer to a pairwise question must be: which of the places A and B is better. */
export const pairwiseAnswer = z.object({
  reason,
  verdict: z.string('"A", "B" or "tie"').trim().toLowerCase().pipe(z.enum(["a", "b", "tie"], '"A", "B" or "tie"')),
});

/** What an answer to a question for a grade must be. */
export const gradeAnswer = z.object({ reason, grade: z.int("a whole number from 1 to 10").min(1, "at least 1").max(10, "at most 10") });

/** An answer as data, or what is wrong with it. */
export type ReadAnswer<T> = { readonly value: T } | { readonly wrong: string };

/** How many opening braces are tried as the beginning of the answer. */
const mostBraces = 100;

/**
 * Reads the JSON object that an answer ends with. Models put words or a code fence around it.
 *
 * @param schema its messages say what was expected
 */
export function readAnswer<T>(schema: z.ZodType<T>, text: string): ReadAnswer<T> {
  if (text.trim() === "") return { wrong: "found an empty answer, expected one JSON object" };
  const object = lastObject(text);
  if (object === undefined) return { wrong: `found ${quote(text, 200)}, expected one JSON object` };
  const result = schema.safeParse(object);
  if (result.success) return { value: result.data };
  const { path, message } = result.error.issues[0]!;
  const found = (object as Record<string, unknown>)[String(path[0])];
  return { wrong: `found ${found === undefined ? "no" : `${quote(found)} in`} field "${path.join(".")}", expected ${message}` };
}

function lastObject(text: string): unknown {
  const end = text.lastIndexOf("}") + 1;
  let start = text.indexOf("{");
  for (let tried = 0; start !== -1 && start < end && tried < mostBraces; tried++) {
    try {
      return JSON.parse(text.slice(start, end));
    } catch {
      start = text.indexOf("{", start + 1);
    }
  }
  return undefined;
}
