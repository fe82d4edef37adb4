import { InputError, quote } from "../base/errors.js";
import type { Judge } from "./judge.js";

/** A plain JSON value. */
type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** What a judge's judgments depend on, as plain JSON. Two judges with equal identities judge alike. */
export type JudgeIdentity = { readonly name: string; readonly [part: string]: Json };

/** Source texts of the user-defined judges that this process has identified, by name and version. */
const identified = new Map<string, string>();

/**
 * Returns what identifies a judge in a run's identity: the `identity` that it states (an LLM judge's model, settings
 * and prompts), or else its name and version.
 *
 * @throws InputError for a judge without a version, or if its name and version belonged to other code earlier in this
 *   process
 */
export function judgeIdentity(judge: Judge): JudgeIdentity {
  const { name, version, identity } = judge;
  if (identity !== undefined) return identity;
  if (typeof name !== "string" || name === "" || typeof version !== "string" || version === "") {
    throw new InputError(
      `judge ${quote(name)}: no version; a run is identified by its judge's name and version. ` +
        'Add one, { name: "my-judge", version: "1", compare, grade }, and change it whenever the judge judges differently',
    );
  }
  const key = JSON.stringify([name, version]);
  const source = `${judge.compare}\n${judge.grade}`;
  if ((identified.get(key) ?? source) !== source) {
    throw new InputError(
      `judge ${quote(name)}, version ${quote(version)}: another judge with this name and version was used before; change the version`,
    );
  }
  identified.set(key, source);
  return { name, version };
}
