import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { InputError, quote } from "../../base/errors.js";
import { isMissing, isUnfinished, readTextIfPresent, writeJson } from "../../base/files.js";
import { iterationOf, runLayout } from "./layout.js";
import { sha256Of } from "./manifest.js";

/** A JSON value. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** Everything that a run's results depend on, by name; data and weights are represented by their digests. */
export type RunFacts = { readonly [name: string]: Json };

/** The identity of a run: two runs are the same if their digests are equal. */
export interface RunIdentity {
  /** SHA-256 of the facts, hexadecimal. */
  readonly digest: string;
  readonly facts: RunFacts;
}

const name = "run.json";

/** Version of the format of a run's folder. */
const format = 1;

const onDisk = z.object({ format: z.number(), digest: z.string(), facts: z.record(z.string(), z.json()) });

/** Returns whether a folder is a run's folder. */
export async function isRunFolder(folder: string): Promise<boolean> {
  return stat(join(folder, name)).then(
    (found) => found.isFile(),
    () => false,
  );
}

/** Returns the identity of a run with these facts; undefined values are left out. */
export function runIdentity(facts: Readonly<Record<string, unknown>>): RunIdentity {
  const plain = JSON.parse(canonical(facts)) as RunFacts;
  return { digest: sha256Of(canonical(plain)), facts: plain };
}

/**
 * Reads the identity of the run in a folder; undefined if there is none.
 *
 * @throws InputError if `run.json` is damaged, or the folder was written by another version of this library
 */
export async function readIdentity(folder: string): Promise<RunIdentity | undefined> {
  const file = join(folder, name);
  const text = await readTextIfPresent(file);
  if (text === undefined) {
    await refuseOthersFiles(folder);
    return undefined;
  }
  const damaged = () =>
    new InputError(
      `${file}: changed or damaged, so that nobody can tell which run the folder holds; use another folder, or remove this one`,
    );
  let read: z.output<typeof onDisk>;
  try {
    read = onDisk.parse(JSON.parse(text));
  } catch {
    throw damaged();
  }
  if (read.format !== format) {
    throw new InputError(
      `${file}: written by another version of sera-lab (format ${read.format}, this one has ${format}); use another folder, or that version`,
    );
  }
  const { digest, facts } = runIdentity(read.facts);
  if (digest !== read.digest) throw damaged();
  return { digest, facts };
}

export async function writeIdentity(folder: string, { digest, facts }: RunIdentity): Promise<void> {
  await writeJson(join(folder, name), { format, digest, facts });
}

/**
 * Checks that the run in a folder is the requested one.
 *
 * @throws InputError listing the differences
 */
export function requireSame(folder: string, there: RunIdentity, asked: RunIdentity): void {
  if (there.digest === asked.digest) return;
  const [before, now] = [factsByPath(there.facts), factsByPath(asked.facts)];
  const names = [...new Set([...before.keys(), ...now.keys()])]
    .filter((key) => before.get(key) !== now.get(key))
    .sort();
  const shown = (value: string | undefined) => (value === undefined ? "none" : quote(JSON.parse(value)));
  const lines = names.map((key) => `  ${key}: ${shown(before.get(key))} there, ${shown(now.get(key))} now`);
  throw new InputError(
    `${folder}: holds another run. It differs in\n${lines.join("\n")}\nUse another folder, or remove this one.`,
  );
}

/**
 * Entries that are not results: locks of this library and of file systems, files of file managers, unfinished writes of
 * killed processes.
 */
const isNothing = (entry: string) => entry.startsWith(".") || isUnfinished(entry);

/** The entries of a run's folder other than those of its iterations; `config.json` comes from versions before 0.2. */
const entries = new Set([
  ...Object.values(runLayout).flatMap((file) => (typeof file === "string" ? file : "path" in file ? file.path : [])),
  ...["manifest.json", "config.json"],
]);
const isOfRun = (entry: string) => entries.has(entry) || iterationOf(`${entry}/`) !== undefined;

/** Returns the names in a folder, sorted; empty if the folder does not exist. */
export async function entriesOf(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  return names.filter((entry) => !isNothing(entry)).sort();
}

/** Returns the error for a folder that contains other files. */
export function otherFiles(folder: string, what: string, others: readonly string[]): InputError {
  return new InputError(
    `${folder}: not ${what}, and not empty: it has ${others.slice(0, 3).join(", ")}${others.length > 3 ? ", …" : ""}; use another folder, such as ${join(folder, "run")}`,
  );
}

/** Refuses to begin a run in a folder with other files. */
async function refuseOthersFiles(folder: string): Promise<void> {
  const others = await entriesOf(folder);
  if (others.length === 0) return;
  const found = others.find(isOfRun);
  if (found === undefined) throw otherFiles(folder, "the folder of a run", others);
  throw new InputError(
    `${folder}: has ${found} but no ${name}: it is the run of an older version of sera-lab, ${name} was removed, or the file is something else's. ` +
      "Use another folder; the tables (metrics.jsonl, summary.json) and models of an older run can still be read one by one",
  );
}

/** Returns JSON with sorted keys, so that equal values have equal texts. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    part !== null && typeof part === "object" && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

/** Returns values as JSON, keyed by their paths (`options.beta`). */
export function factsByPath(value: Json, path = ""): Map<string, string> {
  if (value === null || typeof value !== "object" || Array.isArray(value))
    return new Map([[path, JSON.stringify(value)]]);
  return new Map(
    Object.entries(value).flatMap(([key, part]) => [...factsByPath(part, path === "" ? key : `${path}.${key}`)]),
  );
}
