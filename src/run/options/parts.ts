import { losses, type LossName, type PreferenceLoss } from "../../align/losses/index.js";
import { InputError, quote } from "../../base/errors.js";
import type { Ranked, LabelledSample, Sample } from "../../bootstrap/index.js";
import type { Random } from "../../base/random.js";
import type { Margin, Reviewed } from "../../review/index.js";

/** What a part of one's own states, so that a run knows which it was trained with. */
export interface Versioned {
  readonly name: string;
  /** Another one for each change that changes results. */
  readonly version: string;
}

/** Keeps a share of the reviewed pairs. */
export interface SelectionRule extends Versioned {
  /**
   * @param rows all pairs with their margins
   * @param share K / N, in [0, 1]
   * @returns all rows in their order, with `kept`
   */
  select(rows: readonly Margin[], share: number, random: Random): readonly Reviewed[];
}

/** Makes pairs of the responses to one prompt. */
export interface PairingRule extends Versioned {
  /**
   * @param samples by falling reward; at least two, no two the same
   * @returns pairs of better and worse; those of equal reward are left out
   */
  pair(samples: readonly LabelledSample[]): readonly Ranked[];
}

/** Rewards sampled responses. */
export interface Labeller extends Versioned {
  /** @returns a finite reward for each sample, in their order: the higher, the better */
  label(samples: readonly Sample[], context: LabelContext): Promise<readonly number[]> | readonly number[];
}

/** What a {@link Labeller} can ask for. */
export interface LabelContext {
  /** The iteration that the pairs are made for; the responses are its predecessor's. */
  readonly iteration: number;
  /** The prompt of a sample. */
  prompt(sample: Sample): string;
  /** The response of a sample. */
  response(sample: Sample): string;
  /** The ensembled implicit reward of each sample over β, in nats, as `labelBy: "implicit"` has it. */
  implicitRewards(): Promise<readonly number[]>;
}

/** The kinds of parts that can be one's own, as messages name them, and the function that each has. */
const functionOf = { loss: "perPair", "selection rule": "select", "pairing rule": "pair", labeller: "label", method: "run" } as const;
export type PartKind = keyof typeof functionOf;

/** Parts of one's own that this process has seen, by kind, name and version. */
const seen = new Map<string, Versioned>();

/**
 * Checks a part of one's own: that it says what it is, and that it is the same as every other that said so.
 *
 * @param option under which it was given
 * @throws InputError where it has no name, version or function, or another part of that name and version has other code
 */
export function checkPart(kind: PartKind, option: string, part: unknown): asserts part is Versioned {
  const own = functionOf[kind];
  const shape = `{ name: "…", version: "1", ${own}: … }`;
  if (typeof part === "function") {
    throw new InputError(`${option}: a ${kind} needs a name and a version, by which the run is told from others; pass ${shape} instead of a bare function`);
  }
  if (typeof part !== "object" || part === null || !(own in part) || typeof part[own as keyof typeof part] !== "function") {
    throw new InputError(`${option}: found ${quote(part)}, expected a ${kind}, ${shape}`);
  }
  const { name, version } = part as Partial<Versioned>;
  if (typeof name !== "string" || name === "") throw new InputError(`${option}: the ${kind} has no name; give it a name and a version, by which the run is told from others`);
  if (typeof version !== "string" || version === "") {
    throw new InputError(`${option}: the ${kind} ${quote(name)} has no version; give it one, and another when you change it: version: "1"`);
  }
  const key = JSON.stringify([kind, name, version]);
  const known = seen.get(key);
  if (known && codeOf(known) !== codeOf(part)) {
    throw new InputError(
      `${option}: two different ${kind}s are named ${quote(name)} with the version ${quote(version)}; give the changed one another version`,
    );
  }
  if (!known) seen.set(key, part as Versioned);
}

/** The part of one's own that a run's identity names, if this process has seen it. */
export function recallPart(kind: PartKind, name: string, version: string): Versioned | undefined {
  return seen.get(JSON.stringify([kind, name, version]));
}

/** The source of every function in a part; what the functions close over is not seen. */
function codeOf(part: object): string {
  const functions: string[] = [];
  JSON.stringify(part, (name, value: unknown) => (typeof value === "function" ? void functions.push(`${name}: ${value.toString()}`) : value));
  return functions.join("\n");
}

/** Whether a loss is one of the library's, made by `losses`: those need no version, as the library's own stands for it. */
export function isBuiltIn(loss: PreferenceLoss): boolean {
  const { name, beta, settings } = loss;
  if (!Object.hasOwn(losses, name)) return false;
  const original = losses[name as LossName]({ beta, ...settings });
  return codeOf(original) === codeOf(loss) && JSON.stringify(original) === JSON.stringify(loss);
}
