import { readFile } from "node:fs/promises";
import { inputError, quote } from "../../base/errors.js";

const placeholder = /\{\{\s*([^{}]*?)\s*\}\}/g;

/**
 * Reads a prompt of a judge: a text file with `{{placeholders}}`, each of which must stand in it at least once.
 *
 * @returns a function that puts texts in their places; a placeholder within such a text stays text
 * @throws InputError naming the file: it cannot be read, lacks a placeholder, or has one that is not known
 */
export async function loadTemplate<Name extends string>(
  file: string,
  names: readonly Name[],
): Promise<(values: Readonly<Record<Name, string>>) => string> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw inputError({ file }, error.code === "ENOENT" ? "no such file" : `no way to read it (${error.code})`, "a judge's prompt", error);
  });
  const known = names.map((name) => `{{${name}}}`).join(", ");
  const used = [...text.matchAll(placeholder)].map(([, name]) => name!);
  const isName = (name: string): name is Name => (names as readonly string[]).includes(name);
  const unknown = used.find((name) => !isName(name));
  if (unknown !== undefined) throw inputError({ file }, `the placeholder ${quote(`{{${unknown}}}`)}`, `${known} and no others`);
  const missing = names.find((name) => !used.includes(name));
  if (missing !== undefined) throw inputError({ file }, `no placeholder {{${missing}}}`, known);
  return (values) => text.replace(placeholder, (_, name: Name) => values[name]);
}
