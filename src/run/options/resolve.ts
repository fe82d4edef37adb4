import { InputError, quote } from "../../base/errors.js";
import { adviceOnName, requireOptions } from "../../base/option-names.js";
import { defaultsOf, type Option } from "../../base/option.js";
import { checkTogether } from "./check-together.js";
import { alignForm, recipeForms, seraForm, type Form } from "./forms.js";
import { runSettingNames } from "./run-settings.js";
import { isLossObject } from "./loss-of.js";

/**
 * Options put together: defaults, then what is given, the last word last; what is given as undefined is not given.
 *
 * @param form which options there are
 * @throws InputError naming an option that there is not, one outside its range, or one that lacks another
 */
export function resolveOptions<Options extends object>(form: Form<Options>, ...given: readonly object[]): Options {
  for (const options of given) requireOptions(form.name, options);
  const own = Object.assign({}, ...given.map(definedOnly)) as Readonly<Record<string, unknown>>;
  checkOptions(form, own);
  // Every option that is given is in the table and of its schema.
  const resolved = { ...defaultsOf(form.table), ...(own as Partial<Options>) };
  checkTogether(resolved, own);
  return "loss" in resolved && isLossObject(resolved.loss) ? { ...resolved, beta: resolved.loss.beta } : resolved;
}

/** Names of the options that are given. */
export function givenNames(...given: readonly object[]): readonly string[] {
  return [...new Set(given.flatMap((options) => Object.keys(definedOnly(options))))];
}

/**
 * Checks options one by one; what they say together is checked where they are put together.
 *
 * @throws InputError naming an option that there is not, or one outside its range
 */
export function checkOptions<Options>(form: Form<Options>, given: object): void {
  requireOptions(form.name, given);
  const own = definedOnly(given) as Readonly<Record<string, unknown>>;
  checkNames(form, Object.keys(own));
  checkValues(form, own);
}

/** @throws InputError naming the first option whose value is none of its schema, and what it may be */
function checkValues<Options>({ table }: Form<Options>, given: Readonly<Record<string, unknown>>): void {
  const options: Readonly<Record<string, Option<unknown>>> = table;
  for (const [name, value] of Object.entries(given)) {
    const { schema, expected } = options[name]!;
    if (!schema.safeParse(value).success) throw new InputError(`${name}: found ${quote(value)}, expected ${expected}`);
  }
}

/**
 * Checks that every name is a known option; at run time an object from a cell may have more fields than its type.
 *
 * @param also names accepted besides those of the form
 * @param spelling how messages write names: as in a cell by default
 * @throws InputError naming the first unknown option, with the methods that have it or the closest known name
 */
export function checkNames(
  form: AnyForm,
  given: readonly string[],
  also: readonly string[] = [],
  spelling = inCells,
): void {
  const known = [...Object.keys(form.table), ...also];
  const unknown = given.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new InputError(
      `${spelling.option(unknown)} is not an option of ${form.name}; ${adviceOn(unknown, form.name, known, spelling)}`,
    );
}

/** How messages write the names of options and methods. */
export interface Spelling {
  option(name: string): string;
  method(name: string): string;
}

export const inCells: Spelling = { option: (name) => `\`${name}\``, method: (name) => name };

/** The options of any form, of which only the names are read. */
interface AnyForm {
  readonly name: string;
  readonly table: object;
}

/** What stands for names that are often tried. */
const instead: Readonly<Record<string, readonly string[]>> = {
  adamW: ["beta1", "beta2", "epsilon", "weightDecay", "maxGradNorm"],
  keepBest: ["keepBestBy"],
  referenceUpdate: ["referenceEvery", "referenceEma"],
  training: ["batchSize", "learningRate", "schedule"],
  generation: ["maxNewTokens", "temperature", "topP"],
  sampling: ["maxNewTokens", "temperature", "topP"],
  sft: ["sftEpochs", "sftLearningRate", "sftBatchSize"],
  watch: ["signal", "quiet"],
  reporter: ["quiet"],
  rounds: ["epochs", "iterations"],
  iterations: ["rounds", "epochs"],
  epochs: ["rounds", "sftEpochs"],
  learningRate: ["sftLearningRate"],
  batchSize: ["sftBatchSize"],
  seed: ["seeds"],
};

/** Which of the known names stand for one that is often tried. */
export function insteadOf(name: string, known: readonly string[]): readonly string[] {
  const others = (Object.hasOwn(instead, name) ? instead[name]! : []).filter((other) => known.includes(other));
  // Those of fine-tuning stand for others only where these are not known.
  const main = others.filter((other) => !other.startsWith("sft"));
  return main.length > 0 ? main : others;
}

const ofRun = (name: string) =>
  `it is a setting of the run; pass it beside the method, as in train(start, pairs, method, { ${name} })`;
const ofModel = (name: string) => `it is decided when the model is loaded: loadModel(source, { ${name} })`;

/** Where names belong that are no method's options. */
const elsewhere: Readonly<Record<string, string>> = Object.fromEntries([
  ...runSettingNames.map((name) => [name, ofRun(name)]),
  ...["engine", "provider", "threads", "backend", "lora"].map((name) => [name, ofModel(name)]),
]);

/** What to use in place of a name that is not known, as a clause. */
export function adviceOn(name: string, taker: string, known: readonly string[], { option, method }: Spelling): string {
  const others = insteadOf(name, known);
  if (others.length > 0) return `use ${others.map(option).join(", ")}`;
  const owners = ownersOf(name).filter((owner) => owner !== taker);
  if (owners.length > 0) return `it belongs to ${owners.map(method).join(", ")}`;
  if (Object.hasOwn(elsewhere, name)) return elsewhere[name]!;
  return adviceOnName(name, known, option);
}

/** The methods that have an option; those of a cell's functions only where no recipe has it. */
function ownersOf(name: string): string[] {
  const having = (forms: readonly AnyForm[]) =>
    forms.filter(({ table }) => Object.hasOwn(table, name)).map((form) => form.name);
  const recipes = having(Object.values(recipeForms));
  return recipes.length > 0 ? recipes : having([alignForm, seraForm]);
}

function definedOnly(options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
