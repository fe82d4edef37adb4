import { InputError, quote } from "../../base/errors.js";
import { didYouMean } from "../../base/nearest.js";
import { adviceOnName, requireOptions } from "../../base/option-names.js";
import { defaultsOf, type Option } from "../../base/option.js";
import { checkTogether } from "./check-together.js";
import { alignForm, recipeForms, seraForm, type Form } from "./forms.js";
import { insteadOf } from "./instead.js";
import { runSettingNames } from "./run-settings.js";
import { isLossObject } from "./loss-of.js";

/**
 * Merges the defaults with the given options; later objects override earlier ones, and undefined values count as not
 * given.
 *
 * @param form the allowed options
 * @throws InputError naming an option that is unknown, outside its range, or lacks another that it needs
 */
export function resolveOptions<Options extends object>(form: Form<Options>, ...given: readonly object[]): Options {
  for (const options of given) requireOptions(form.name, options);
  const own = Object.assign({}, ...given.map(definedOnly)) as Readonly<Record<string, unknown>>;
  checkOptions(form, own);
  // Every given option is in the table and matches its schema.
  const resolved = { ...defaultsOf(form.table), ...(own as Partial<Options>) };
  checkTogether(resolved, own);
  return "loss" in resolved && isLossObject(resolved.loss) ? { ...resolved, beta: resolved.loss.beta } : resolved;
}

/** Returns the names of the given options. */
export function givenNames(...given: readonly object[]): readonly string[] {
  return [...new Set(given.flatMap((options) => Object.keys(definedOnly(options))))];
}

/**
 * Checks options one by one; {@link resolveOptions} checks them against each other.
 *
 * @throws InputError naming an option that is unknown or outside its range
 */
export function checkOptions<Options>(form: Form<Options>, given: object): void {
  requireOptions(form.name, given);
  const own = definedOnly(given) as Readonly<Record<string, unknown>>;
  checkNames(form, Object.keys(own));
  checkValues(form, own);
}

/** @throws InputError naming the first option with an invalid value, and what is expected */
function checkValues<Options>({ table }: Form<Options>, given: Readonly<Record<string, unknown>>): void {
  const options: Readonly<Record<string, Option<unknown>>> = table;
  for (const [name, value] of Object.entries(given)) {
    const { schema, expected, choices = [] } = options[name]!;
    if (!schema.safeParse(value).success)
      throw new InputError(`${name}: found ${quote(value)}, expected ${expected}${didYouMean(value, choices)}`);
  }
}

/**
 * Checks that every name is a known option; at run time an object from a cell may have more fields than its type.
 *
 * @param also names accepted besides those of the form
 * @param spelling how messages spell names; as in a cell by default
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

/** How messages spell the names of options and methods. */
export interface Spelling {
  option(name: string): string;
  method(name: string): string;
}

export const inCells: Spelling = { option: (name) => `\`${name}\``, method: (name) => name };

/** A form of which only the option names are read. */
interface AnyForm {
  readonly name: string;
  readonly table: object;
}

const ofRun = (name: string) =>
  `it is a setting of the run; pass it beside the method, as in train(start, pairs, method, { ${name} })`;
const ofModel = (name: string) => `it is decided when the model is loaded: loadModel(source, { ${name} })`;

/** Advice for names that are not method options. */
const elsewhere: Readonly<Record<string, string>> = Object.fromEntries([
  ...runSettingNames.map((name) => [name, ofRun(name)]),
  ...["engine", "provider", "threads", "backend", "lora"].map((name) => [name, ofModel(name)]),
]);

/** Returns advice, as a clause, on what to use in place of an unknown name. */
export function adviceOn(name: string, taker: string, known: readonly string[], { option, method }: Spelling): string {
  const others = insteadOf(name, known);
  if (others.length > 0) return `use ${others.map(option).join(", ")}`;
  const owners = ownersOf(name).filter((owner) => owner !== taker);
  if (owners.length > 0) return `it belongs to ${owners.map(method).join(", ")}`;
  if (Object.hasOwn(elsewhere, name)) return elsewhere[name]!;
  return adviceOnName(name, known, option);
}

/** Returns the methods that have an option; cell functions only if no recipe has it. */
function ownersOf(name: string): string[] {
  const having = (forms: readonly AnyForm[]) =>
    forms.filter(({ table }) => Object.hasOwn(table, name)).map((form) => form.name);
  const recipes = having(Object.values(recipeForms));
  return recipes.length > 0 ? recipes : having([alignForm, seraForm]);
}

function definedOnly(options: object): object {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
