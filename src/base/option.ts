import type { Kind } from "./option-kinds.js";

/** One option: all that types, checks, defaults, help texts, flags and the table of the docs are made from. */
export interface Option<Value> extends Kind<Value> {
  /** What it does, to stand in a sentence: begins in lower case, ends without a full stop. */
  readonly help: string;
  /** The value that it has where none is given. */
  readonly default?: Value;
  /** What happens where none is given, in words, for an option without a default. */
  readonly otherwise?: string;
}

/** An option for each name: those that are always there have a default, the others say what happens without them. */
export type OptionTable<Options> = {
  readonly [Name in keyof Options]-?: Option<Exclude<Options[Name], undefined>> &
    (undefined extends Options[Name] ? { readonly otherwise: string } : { readonly default: Options[Name] });
};

/** The defaults of the options that have one. */
export function defaultsOf<Options>(table: OptionTable<Options>): Options {
  const options: Readonly<Record<string, Option<unknown>>> = table;
  const given = Object.entries(options).filter(([, option]) => option.default !== undefined);
  // The table's type says that whatever has no default may be missing.
  return Object.fromEntries(given.map(([name, option]) => [name, option.default])) as Options;
}

/** The table with other defaults. */
export function withDefaults<Options>(table: OptionTable<Options>, defaults: Partial<Options>): OptionTable<Options> {
  const changed = Object.entries(defaults).map(([name, value]) => [
    name,
    { ...table[name as keyof Options], default: value },
  ]);
  return { ...table, ...Object.fromEntries(changed) };
}

/** A default in words: what an option is where it is not given. */
export function defaultText({ default: value, otherwise }: Option<unknown>): string {
  return value === undefined ? (otherwise ?? "none") : typeof value === "string" ? value : JSON.stringify(value);
}
