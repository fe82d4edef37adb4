import { stat } from "node:fs/promises";
import { errorAt, InputError, inputError, quote } from "../base/errors.js";

/** A repository on the hub at one revision. */
export interface RepositoryName {
  readonly type: "model" | "dataset";
  /** `org/name`. */
  readonly name: string;
  /** A branch, a tag or a commit. */
  readonly revision: string;
}

/** The default revision. */
export const mainRevision = "main";

const part = /^(?!.*(?:--|\.\.))[A-Za-z0-9_](?:[\w.-]*\w)?$/;

/**
 * Parses the name of a repository on the hub: `org/name` or `org/name@revision`. An existing local path takes precedence.
 *
 * @param text as given by the user
 * @param revision same as after `@`; default `main`
 * @returns undefined if the name is a path: it exists, does not have exactly one slash, or looks like a path (`./x`,
 *   `x/rows.jsonl`)
 * @throws InputError if it looks like a repository's name but breaks the hub's rules, or if a revision is invalid, given
 *   twice, or given for a path
 */
export async function repositoryName(
  text: string,
  type: RepositoryName["type"],
  revision?: string,
): Promise<RepositoryName | undefined> {
  const at = text.indexOf("@");
  const name = at === -1 ? text : text.slice(0, at);
  if (isPath(name) || (await isHere(text))) {
    if (revision === undefined) return undefined;
    throw errorAt({ file: text }, "this is a local path; revision applies only to repositories on the hub (org/name)");
  }
  const inText = at === -1 ? undefined : text.slice(at + 1);
  if (revision !== undefined && inText !== undefined && revision !== inText) {
    throw errorAt(
      { file: text },
      `two revisions, ${quote(inText)} in the name and ${quote(revision)} in the options; give one`,
    );
  }
  const wanted = revision ?? inText ?? mainRevision;
  if (!isRevision(wanted)) throw inputError({ file: text }, `revision ${quote(wanted)}`, "a branch, tag or commit");
  if (!isRepositoryName(name))
    throw new InputError(
      `no such path: ${quote(name)}; it is not a repository on the hub (org/name) either: ${nameRules}`,
    );
  return { type, name, revision: wanted };
}

/** Whether a text is a name, `org/name`, by the hub's rules; see {@link nameRules}. */
export function isRepositoryName(text: string): boolean {
  const words = text.split("/");
  return words.length === 2 && text.length <= 96 && !text.endsWith(".git") && words.every((word) => part.test(word));
}

export const nameRules = "those names have letters, digits, single - and ., and _, at most 96 characters";

function isPath(name: string): boolean {
  return name.split("/").length !== 2 || /^[./~]|\/$|\\|\.(?:jsonl?|gz|parquet|gguf)$/.test(name);
}

/** Whether git allows the name; no allowed name leads out of a folder. */
function isRevision(text: string): boolean {
  const isName = (word: string) => /^(?!\.)[^\s\\:?*[\]~^\x00-\x1f\x7f]+$/.test(word);
  return !text.startsWith("-") && !text.includes("..") && text.split("/").every(isName);
}

async function isHere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** The repository in error messages: `org/name`, and the revision unless it is the default. */
export function describeRepository({ name, revision }: RepositoryName): string {
  return revision === mainRevision ? name : `${name}@${revision}`;
}

/** Its path on the hub: `org/name`, or `datasets/org/name`. */
export function addressOf({ type, name }: RepositoryName): string {
  return type === "model" ? name : `datasets/${name}`;
}
