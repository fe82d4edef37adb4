import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { errorAt, missingError, quote } from "../../base/errors.js";

const placeholder = /\{\{\s*([^{}]*?)\s*\}\}/g;

/** A prompt template of a judge. */
export interface Template<Name extends string> {
  /** SHA-256 of the file's text, in hex. */
  readonly sha256: string;
  /** Fills in the placeholders; a placeholder within a filled-in text stays text. */
  fill(values: Readonly<Record<Name, string>>): string;
}

/**
 * Loads a prompt template: a text file with `{{placeholders}}`, each of which must occur at least once.
 *
 * @throws InputError naming the file if it cannot be read, lacks a placeholder, or has an unknown one
 */
export async function loadTemplate<Name extends string>(file: string, names: readonly Name[]): Promise<Template<Name>> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw error.code === "ENOENT"
      ? missingError(file, "file", "give the path of a judge's prompt template", error)
      : errorAt({ file }, `cannot be read (${error.code})`, error);
  });
  const known = names.map((name) => `{{${name}}}`).join(", ");
  const used = [...text.matchAll(placeholder)].map(([, name]) => name!);
  const isName = (name: string): name is Name => (names as readonly string[]).includes(name);
  const unknown = used.find((name) => !isName(name));
  if (unknown !== undefined)
    throw errorAt({ file }, `unknown placeholder ${quote(`{{${unknown}}}`)}; this template has ${known}`);
  const missing = names.find((name) => !used.includes(name));
  if (missing !== undefined)
    throw errorAt({ file }, `the placeholder {{${missing}}} is missing; this template needs ${known}`);
  return {
    sha256: createHash("sha256").update(text).digest("hex"),
    fill: (values) => text.replace(placeholder, (_, name: Name) => values[name]),
  };
}
