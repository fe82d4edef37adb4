import { z } from "zod";

/** Ids are indices of a table. The largest vocabularies have under 300,000. */
export const tokenId = z
  .int()
  .nonnegative()
  .max(2 ** 24);

/** Tokens that are matched in a text before it is split into words: special ones, and those added to a vocabulary. */
export const addedTokensSchema = z.array(
  z.looseObject({
    id: tokenId,
    content: z.string(),
    special: z.boolean().default(false),
    single_word: z.boolean().default(false),
    lstrip: z.boolean().default(false),
    rstrip: z.boolean().default(false),
    normalized: z.boolean().optional(),
  }),
);
export type AddedToken = z.infer<typeof addedTokensSchema>[number];

/** A part of a text: plain, or an added token. */
export interface Section {
  readonly text: string;
  readonly id?: number;
}

/** Word characters as in Rust's regular expressions, for use in a character class. */
export const wordCharacters = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}";
const endsWithWord = new RegExp(`[${wordCharacters}]$`, "u");
const beginsWithWord = new RegExp(`^[${wordCharacters}]`, "u");

/**
 * Returns a function that finds tokens in a text, from the left, the longest first.
 *
 * @param textOf how a token appears in the texts that are searched
 */
export function findTokens(
  tokens: readonly AddedToken[],
  textOf: (content: string) => string = (content) => content,
): (text: string) => Section[] {
  const byText = new Map(
    tokens.map((token) => [textOf(token.content), token] as const).filter(([text]) => text !== ""),
  );
  if (byText.size === 0) return (text) => (text === "" ? [] : [{ text }]);
  const longestFirst = [...byText.keys()].sort((a, b) => b.length - a.length);
  const pattern = new RegExp(longestFirst.map((text) => text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&")).join("|"), "gu");
  return (text) => {
    const sections: Section[] = [];
    let end = 0;
    for (const { 0: match, index } of text.matchAll(pattern)) {
      const token = byText.get(match)!;
      const after = index + match.length;
      if (
        token.single_word &&
        (endsWithWord.test(text.slice(Math.max(0, index - 2), index)) || beginsWithWord.test(text.slice(after)))
      )
        continue;
      const from = token.lstrip ? Math.max(end, trimmedEnd(text, index)) : index;
      if (from > end) sections.push({ text: text.slice(end, from) });
      sections.push({ text: match, id: token.id });
      end = token.rstrip ? after + leadingSpace(text.slice(after)) : after;
    }
    if (end < text.length) sections.push({ text: text.slice(end) });
    return sections;
  };
}

/** End of the text up to `end` without trailing white space. */
function trimmedEnd(text: string, end: number): number {
  while (end > 0 && /\p{White_Space}/u.test(text[end - 1]!)) end--;
  return end;
}

function leadingSpace(text: string): number {
  return /^\p{White_Space}*/u.exec(text)![0].length;
}
