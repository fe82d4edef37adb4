import { TemplateError } from "./values.js";

/** A token of the library's lexer. */
export interface Token {
  readonly value: string;
  readonly type: string;
}

const closing: Readonly<Record<string, string>> = {
  OpenParen: "CloseParen",
  OpenSquareBracket: "CloseSquareBracket",
  OpenCurlyBracket: "CloseCurlyBracket",
};
const closers = new Set(Object.values(closing));

/** Words that continue the expression after a test without argument. */
const afterTest = new Set(["else", "or", "and", "is", "if", "in", "not", "recursive"]);

/**
 * Prepares tokens for the library's parser where it deviates from Python's Jinja:
 * - a test (`x is divisibleby(3)`, `x is not in [1]`, `x is equalto y`) becomes a filter named `is …` or `is not …`, which has
 *   the same precedence in Jinja, and may then have arguments and be followed by a filter;
 * - a chained comparison (`a < b < c`), which would be parsed as `(a < b) < c`, is refused.
 */
export function preparedTokens(tokens: readonly Token[]): Token[] {
  refuseChains(tokens);
  return withTests(tokens);
}

function withTests(tokens: readonly Token[]): Token[] {
  const written: Token[] = [];
  for (let at = 0; at < tokens.length; ) {
    const token = tokens[at]!;
    const before = tokens[at - 1];
    const isTest =
      isWord(token, "is") && before?.type !== "Dot" && before?.type !== "Pipe" && before?.type !== "OpenStatement";
    if (!isTest) {
      written.push(token);
      at++;
      continue;
    }
    const negated = isWord(tokens[at + 1], "not");
    at += negated ? 2 : 1;
    const name = tokens[at++];
    if (name?.type !== "Identifier")
      throw new TemplateError(`a test without a name, before ${name?.value ?? "the end"}`);
    written.push(
      { type: "Pipe", value: "|" },
      { type: "Identifier", value: `${negated ? "is not" : "is"} ${name.value}` },
    );
    const end = argumentEnd(tokens, at);
    if (end === at) continue;
    written.push({ type: "OpenParen", value: "(" }, ...withTests(tokens.slice(at, end)), {
      type: "CloseParen",
      value: ")",
    });
    at = end;
  }
  return written;
}

/** The end of a test's argument that is not in parentheses; `at` if there is none. */
function argumentEnd(tokens: readonly Token[], at: number): number {
  const first = tokens[at];
  const isValue =
    first !== undefined &&
    (["StringLiteral", "NumericLiteral", "OpenSquareBracket", "OpenCurlyBracket"].includes(first.type) ||
      (first.type === "Identifier" && !afterTest.has(first.value)));
  if (!isValue) return at;
  let end = closing[first.type] ? groupEnd(tokens, at) : at + 1;
  for (;;) {
    const next = tokens[end];
    if (next?.type === "Dot") end += 2;
    else if (next?.type === "OpenSquareBracket" || next?.type === "OpenParen") end = groupEnd(tokens, end);
    else return end;
  }
}

/** Index after the bracket that closes the one at `at`. */
function groupEnd(tokens: readonly Token[], at: number): number {
  let depth = 0;
  for (let end = at; end < tokens.length; end++) {
    if (closing[tokens[end]!.type]) depth++;
    else if (closers.has(tokens[end]!.type) && --depth === 0) return end + 1;
  }
  throw new TemplateError(`"${tokens[at]!.value}" is never closed`);
}

/** Tokens after which another comparison does not continue the previous one. */
const betweenComparisons = new Set([
  "Comma",
  "Colon",
  "Equals",
  "OpenStatement",
  "CloseStatement",
  "OpenExpression",
  "CloseExpression",
]);

function refuseChains(tokens: readonly Token[]): void {
  const compared = [false];
  tokens.forEach((token, at) => {
    const before = tokens[at - 1];
    const isName =
      before?.type === "Dot" ||
      before?.type === "Pipe" ||
      isWord(before, "is") ||
      (isWord(before, "not") && isWord(tokens[at - 2], "is"));
    if (closing[token.type]) compared.push(false);
    else if (closers.has(token.type)) compared.pop();
    else if (
      betweenComparisons.has(token.type) ||
      (["and", "or", "if", "else"].some((word) => isWord(token, word)) && !isName)
    )
      compared[compared.length - 1] = false;
    else if (isWord(token, "not") && !isWord(tokens[at + 1], "in")) compared[compared.length - 1] = false;
    else if (token.type === "ComparisonBinaryOperator" || (isWord(token, "in") && !isName)) {
      if (compared.at(-1)) throw new TemplateError("a chain of comparisons (a < b < c), which is not supported");
      compared[compared.length - 1] = !isLoopIn(tokens, at);
    }
  });
}

/** Whether this `in` belongs to a loop: only names lie between it and `for`. */
function isLoopIn(tokens: readonly Token[], at: number): boolean {
  let start = at - 1;
  while (
    tokens[start]?.type === "Comma" ||
    tokens[start]?.type === "OpenParen" ||
    tokens[start]?.type === "CloseParen" ||
    (tokens[start]?.type === "Identifier" && tokens[start]!.value !== "for")
  )
    start--;
  return isWord(tokens[start], "for") && tokens[start - 1]?.type === "OpenStatement";
}

function isWord(token: Token | undefined, word: string): boolean {
  return token?.type === "Identifier" && token.value === word;
}
