import { losses, type LossName, type PreferenceLoss } from "../../align/losses/index.js";
import type { PairLoss } from "../../align/pair-objective.js";
import { InputError, quote } from "../../base/errors.js";
import { pairings } from "../../bootstrap/index.js";
import { selectionRules } from "../../review/index.js";
import { identityOf } from "./identity.js";
import { implicitRewardName, labellers } from "./method-options.js";
import type { Versioned } from "./parts.js";

/** The kinds of custom parts, as named in messages, and the function that each has. */
const functionOf = {
  loss: "perPair",
  objective: "build",
  "column rule": "of",
  "selection rule": "select",
  "pairing rule": "pair",
  labeller: "label",
  editor: "edit",
  method: "run",
  "method definition": "run",
} as const;
export type PartKind = keyof typeof functionOf;

/** Names of the library's own parts, by kind; a custom part must not use them. */
const libraryNames: { readonly [Kind in PartKind]?: readonly string[] } = {
  loss: Object.keys(losses),
  objective: Object.keys(losses),
  "selection rule": Object.keys(selectionRules),
  "pairing rule": Object.keys(pairings),
  labeller: [...labellers, implicitRewardName],
};

/** The code of every custom part that this process has seen, by kind, name and version. */
const codes = new Map<string, string>();
/** Custom losses by identity: the same code may have different settings. */
const ownLosses = new Map<string, Versioned>();

/**
 * Checks a custom part: it must declare its name and version, and its code must equal that of every earlier part with
 * the same name and version. Code is compared as text, without the variables that functions close over.
 *
 * @param option the option that the part was given for
 * @throws InputError if the part has no name, version or function, uses a name of the library, or differs in code from
 *   a part of the same name and version
 */
export function checkPart(kind: PartKind, option: string, part: unknown): asserts part is Versioned {
  const own = functionOf[kind];
  const shape = `{ name: "…", version: "1", ${own}: … }`;
  if (typeof part === "function") {
    throw new InputError(
      `${option}: a bare function cannot be told from another in a run's folder; give the ${kind} a name and a version: ${shape}`,
    );
  }
  if (typeof part !== "object" || part === null || !hasFunction(part, own)) {
    throw new InputError(`${option}: found ${quote(part)}, expected ${withArticle(kind)} ${shape}`);
  }
  if (!isVersioned(part)) {
    const name = nameOf(part);
    if (name === undefined) throw new InputError(`${option}: the ${kind} has no name; add name: "…" and version: "1"`);
    throw new InputError(
      `${option}: the ${kind} ${quote(name)} has no version; add version: "1", and change it whenever you change the code`,
    );
  }
  const { name, version } = part;
  requireOwnName(kind, option, name, libraryNames[kind] ?? []);
  const key = JSON.stringify([kind, name, version]);
  // The content of a method's options is part of their identity, and checked there.
  const { options: _, ...stated } = part as { readonly options?: unknown };
  if (isNative(part[own].toString()))
    throw new InputError(
      `${option}: its function ${own} is bound or built in, so that an edit of it could not be seen; wrap it, as in (...given) => own(...given)`,
    );
  const code = [`${own}: ${part[own].toString()}`, ...functionsIn(stated)].join("\n");
  if ((codes.get(key) ?? code) !== code) {
    throw new InputError(
      `${option}: two different ${kind === "loss" ? "losses" : `${kind}s`} are named ${quote(name)} with version ${quote(version)}; change the version of the one that you edited`,
    );
  }
  codes.set(key, code);
  if (kind === "loss" || kind === "objective") ownLosses.set(identityKey(part), part);
}

const withArticle = (kind: string) => `${/^[aeiou]/.test(kind) ? "an" : "a"} ${kind}`;

/** @throws InputError if a custom part uses a name of the library */
export function requireOwnName(kind: string, option: string, name: string, taken: readonly string[]): void {
  if (taken.includes(name))
    throw new InputError(
      `${option}: ${quote(name)} is ${withArticle(kind)} of the library; give your own another name`,
    );
}

/**
 * Returns the custom loss with an identity, if this process has seen it.
 *
 * @param identity the result of {@link identityOf} for the loss
 */
export function recallLoss(identity: object): Versioned | undefined {
  return ownLosses.get(identityKey(identity));
}

/**
 * Returns whether a loss was created by `losses`. Such losses need no version, since the library's version covers them.
 */
export function isBuiltIn(loss: PreferenceLoss): boolean {
  const original = builtInLike(loss);
  return (
    original !== undefined &&
    identityKey(original) === identityKey(loss) &&
    functionsIn(original).join("\n") === functionsIn(loss).join("\n")
  );
}

/** Returns the library's loss of the same name and settings, if there is one. */
export function builtInLike({
  name,
  beta,
  settings,
}: Pick<PairLoss, "name" | "beta" | "settings">): PreferenceLoss | undefined {
  return Object.hasOwn(losses, name) ? losses[name as LossName]({ beta, ...settings }) : undefined;
}

function identityKey(part: object): string {
  return JSON.stringify(sortedEntries(identityOf({ part })));
}

/** Returns a value with the fields of its objects sorted. */
function sortedEntries(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedEntries);
  if (typeof value !== "object" || value === null) return value;
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, part]) => [name, sortedEntries(part)]);
}

/** Returns whether a function's text hides its code, as for a bound function. */
export function isNative(text: string): boolean {
  return text.endsWith("{ [native code] }");
}

function isVersioned<Part extends object>(part: Part): part is Part & Versioned {
  return nameOf(part) !== undefined && "version" in part && typeof part.version === "string" && part.version !== "";
}

function nameOf(part: object): string | undefined {
  return "name" in part && typeof part.name === "string" && part.name !== "" ? part.name : undefined;
}

function hasFunction<Name extends string>(part: object, name: Name): part is { readonly [Own in Name]: () => unknown } {
  return name in part && typeof (part as { readonly [name: string]: unknown })[name] === "function";
}

/** Returns the text of every function in a part, with its path. */
function functionsIn(value: unknown, path = "", above: readonly unknown[] = []): string[] {
  if (typeof value === "function") return [`${path}: ${value.toString()}`];
  if (typeof value !== "object" || value === null || above.includes(value)) return [];
  return Object.entries(value).flatMap(([name, part]) => functionsIn(part, `${path}.${name}`, [...above, value]));
}
