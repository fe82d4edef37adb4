import { readdirSync, readFileSync } from "node:fs";

/** A code block of the documentation. */
export interface CodeBlock {
  readonly language: string;
  readonly code: string;
  /** `docs/runs.md:75`, its first line. */
  readonly place: string;
}

/** The documents that users read. */
export const documents: readonly string[] = [
  "README.md",
  "examples/README.md",
  ...readdirSync("docs")
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

/** Returns the code blocks of a document in order. */
export function codeBlocks(document: string): CodeBlock[] {
  const text = readFileSync(document, "utf8");
  return [...text.matchAll(/^```(\w*)\n([^]*?)^```$/gm)].map(({ 1: language, 2: code, index }) => ({
    language: language!,
    code: code!,
    place: `${document}:${text.slice(0, index).split("\n").length + 1}`,
  }));
}
