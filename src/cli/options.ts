import { InvalidArgumentError, Option, type Command } from "commander";
import { defaultText, type Option as SchemaOption } from "../base/option.js";
import { parseNumber } from "../base/option-kinds.js";
import { engineNames, type EngineName, type EngineOptions } from "../engine/create-engine.js";
import { providerChoices } from "../engine/onnx/providers.js";
import { backendNames } from "../engine/tfjs/backend-names.js";
import { optionGroups, type Spelling } from "../run/options/index.js";
import { unknownName } from "./option-errors.js";

/** Parses a number; its user checks the range. */
export function number(text: string): number {
  const value = parseNumber(text);
  if (!Number.isFinite(value)) throw new InvalidArgumentError(`found "${text}", expected a number`);
  return value;
}

/** Parses a whole number of at least `least`. */
export function whole(least: number): (text: string) => number {
  return (text) => {
    const value = number(text);
    if (!Number.isSafeInteger(value) || value < least) {
      throw new InvalidArgumentError(`found "${text}", expected a whole number from ${least}`);
    }
    return value;
  };
}

/** Parses a share in [0, 1]. */
export function share(text: string): number {
  const value = number(text);
  if (value < 0 || value > 1) throw new InvalidArgumentError(`found "${text}", expected a share in [0, 1]`);
  return value;
}

function oneOf<T extends string>(...names: readonly T[]): (text: string) => T {
  return (text) => {
    if (!names.includes(text as T)) throw unknownName(text, names);
    return text as T;
  };
}

/** Options of every verb that runs a model. */
export interface EngineArguments extends EngineOptions {
  readonly engine: EngineName;
  readonly quiet: boolean;
}

export function engineOptions(command: Command): Command {
  return command
    .optionsGroup("Engine:")
    .option("--engine <name>", `what runs the model: ${engineNames.join(", ")}`, oneOf(...engineNames), "onnx")
    .option(
      "--provider <name>",
      `where onnx runs: ${providerChoices.join(", ")} (default: "cpu")`,
      oneOf(...providerChoices),
    )
    .option("--threads <n>", "threads of onnx (default: one for each physical core that the process may use)", whole(0))
    .option(
      "--backend <name>",
      `where tfjs runs: ${backendNames.join(", ")} (default: the best that works)`,
      oneOf(...backendNames),
    )
    .option("--quiet", "show no progress", false);
}

/** Options of every verb that reads examples. */
export interface DataArguments {
  /** Split of a hub dataset. */
  readonly split?: string;
  readonly config?: string;
  readonly revision?: string;
  readonly limit?: number;
  readonly skipBadRows: boolean;
  readonly truncatePrompts: boolean;
  readonly maxLength?: number;
  readonly maxPromptLength?: number;
}

export function dataOptions(command: Command): Command {
  return command
    .optionsGroup("Data:")
    .option("--split <name>", "split of a hub dataset (default: train)")
    .option("--config <name>", "configuration of a hub dataset (default: its only one)")
    .option("--revision <name>", "branch, tag or commit of a hub dataset (default: main)")
    .option("--limit <n>", "use only the first n rows (default: all)", whole(1))
    .option("--skip-bad-rows", "skip and count bad rows instead of stopping at the first", false)
    .option(
      "--max-length <n>",
      "length limit of prompt and response together, in tokens (default: the model's context)",
      whole(2),
    )
    .option(
      "--max-prompt-length <n>",
      "length limit of a prompt, in tokens (default: what the responses leave free)",
      whole(1),
    )
    .option(
      "--truncate-prompts",
      "cut prompts that exceed these limits at their beginning, instead of stopping at the first",
      false,
    );
}

/**
 * Adds a flag for each option, in the order and under the headings of {@link optionGroups}. Flags that are not given
 * are absent from the parsed options.
 */
export function methodOptions(command: Command, ...forms: readonly AnyForm[]): Command {
  for (const { title, table } of optionGroups) {
    for (const name of Object.keys(table)) {
      const takers = forms.filter((form) => Object.hasOwn(form.table, name));
      if (takers.length > 0)
        for (const option of flagsOf(name, takers, methodsIn(takers, forms)))
          command.addOption(option.helpGroup(`${title}:`));
    }
  }
  return command;
}

/**
 * The given options of a command that belong to a method.
 *
 * @param form return only the options of this form. Default: those of any form
 */
export function givenOptions(parsed: object, form?: AnyForm): object {
  const tables = form ? [form] : optionGroups;
  const isOption = (name: string) => tables.some(({ table }) => Object.hasOwn(table, name));
  return Object.fromEntries(Object.entries(parsed).filter(([name, value]) => isOption(name) && value !== undefined));
}

/** The flag of an option: `--per-prompt` for perPrompt. */
export function flagOf(name: string): string {
  return `--${hyphened(name)}`;
}

const hyphened = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** Spelling of names on the command line. */
export const onCommandLine: Spelling = { option: flagOf, method: hyphened };

/** The options of any method; only names and schemas are read. */
export interface AnyForm {
  readonly name: string;
  readonly table: object;
}

/** The flags of an option: one, plus another for a switch that can be turned off. */
function flagsOf(name: string, takers: readonly AnyForm[], methods: string | undefined): Option[] {
  const [{ help, placeholder, negatable, schema, parse = (text: string) => text, ...option }] = takers.map((taker) =>
    optionOf(taker, name),
  ) as [SchemaOption<unknown>];
  const values = option.choices && [...option.choices, ...(option.syntax ? [option.syntax] : [])];
  const notes = [methods, values && `choices: ${values.join(", ")}`, `default: ${defaultsIn(name, takers)}`];
  const description = withFlags(`${help} (${notes.filter(Boolean).join("; ")})`);
  const flag = flagOf(name);
  if (placeholder === undefined) {
    const off = negatable ? [new Option(flag.replace("--", "--no-"), `turns ${flag} off`)] : [];
    return [new Option(flag, description), ...off];
  }
  const typed = (text: string) => {
    const value = parse(text);
    if (schema.safeParse(value).success) return value;
    throw option.choices
      ? unknownName(text, option.choices, values)
      : new InvalidArgumentError(`found "${text}", expected ${option.expected}`);
  };
  return [new Option(`${flag} <${placeholder}>`, description).argParser(typed)];
}

/** Lists the methods that take an option, as briefly as possible; undefined if all do. */
function methodsIn(takers: readonly AnyForm[], forms: readonly AnyForm[]): string | undefined {
  const namesOf = (some: readonly AnyForm[]) => some.map(({ name }) => name).join(", ");
  if (takers.length === forms.length) return undefined;
  return 2 * takers.length <= forms.length
    ? `for ${namesOf(takers)}`
    : `not for ${namesOf(forms.filter((form) => !takers.includes(form)))}`;
}

function optionOf({ table }: AnyForm, name: string): SchemaOption<unknown> {
  return (table as Readonly<Record<string, SchemaOption<unknown>>>)[name]!;
}

/** The default of an option in words: the first method's, and those of methods with a different one. */
function defaultsIn(name: string, takers: readonly AnyForm[]): string {
  const texts = takers.map((taker) => ({ method: taker.name, text: defaultText(optionOf(taker, name)) }));
  const usual = texts[0]!.text;
  const others = texts.filter(({ text }) => text !== usual).map(({ method, text }) => `${text} for ${method}`);
  return [usual, ...others].join(", ");
}

/** Replaces the names of options, which help texts put in backticks, by their flags; other backticks go away. */
function withFlags(text: string): string {
  const isOption = (name: string) => optionGroups.some(({ table }) => Object.hasOwn(table, name));
  return text.replaceAll(/`([^`]+)`/g, (_, name: string) => (isOption(name) ? flagOf(name) : name));
}
