import { stat } from "node:fs/promises";
import { inputError, quote } from "../base/errors.js";

/** A repository of the hub at one revision. */
export interface RepositoryName {
  readonly type: "model" | "dataset";
  /** `org/name`. */
  readonly name: string;
  /** A branch, a tag or a commit. */
  readonly revision: string;
}

/** The branch that is meant where no revision is given. */
export const mainRevision = "main";

const part = /^(?!.*(?:--|\.\.))[A-Za-z0-9_](?:[\w.-]*\w)?$/;

/**
 * The repository that a name stands for: `org/name` or `org/name@revision`. What lies here under the name is
 * meant before the hub.
 *
 * @param text what the user gave
 * @param revision the same as after `@`; default `main`
 * @returns undefined where the name stands for a path: a file or folder is there, or it has not exactly one slash, or
 *   it begins or ends as paths do (`./x`, `x/rows.jsonl`)
 * @throws InputError where it has the form of a repository's name and breaks the hub's rules, or a revision is given
 *   that is none, or twice, or for a path
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
    throw inputError({ file: text }, `revision ${quote(revision)} of a path`, "a revision with a repository of the hub (org/name) only");
  }
  const inText = at === -1 ? undefined : text.slice(at + 1);
  if (revision !== undefined && inText !== undefined && revision !== inText) {
    throw inputError({ file: text }, `revision ${quote(revision)} as well`, "one revision");
  }
  const wanted = revision ?? inText ?? mainRevision;
  if (!isRevision(wanted)) throw inputError({ file: text }, `revision ${quote(wanted)}`, "a branch, a tag or a commit");
  if (name.length > 96 || name.endsWith(".git") || !name.split("/").every((word) => part.test(word))) {
    const rules = "letters, digits, single - and ., _; 96 characters at most";
    throw inputError({}, `${quote(name)}, which is not here`, `a path, or a repository of the hub: org/name of ${rules}`);
  }
  return { type, name, revision: wanted };
}

function isPath(name: string): boolean {
  return name.split("/").length !== 2 || /^[./~]|\/$|\\|\.(?:jsonl?|gz|parquet)$/.test(name);
}

/** Whether git allows the name; none of those leads out of a folder. */
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

/** The repository as errors call it: `org/name`, and the revision where it is not the usual one. */
export function describeRepository({ name, revision }: RepositoryName): string {
  return revision === mainRevision ? name : `${name}@${revision}`;
}

/** Its address below the hub's: `org/name`, or `datasets/org/name`. */
export function addressOf({ type, name }: RepositoryName): string {
  return type === "model" ? name : `datasets/${name}`;
}
