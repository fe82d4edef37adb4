import { InputError } from "../base/errors.js";

/** Names of the lists in what `loadPreferences`, `loadPrompts` and `loadDemonstrations` return. */
const lists = ["pairs", "prompts", "demonstrations"] as const;

/**
 * Refuses the whole result of a loading function where its list is expected.
 *
 * @param name of the argument, for the message
 * @throws InputError naming the list to pass instead
 */
export function refuseWholeResult(name: string, value: unknown): void {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return;
  const list = lists.find((list) => Array.isArray((value as Readonly<Record<string, unknown>>)[list]));
  if (list !== undefined)
    throw new InputError(`${name}: found an object, expected a list; pass the list that it has, its .${list}`);
}
