import type { Kind } from "./option-kinds.js";

/** An option: the single source of its type, check, default, help text, flag and row in the docs table. */
export interface Option<Value> extends Kind<Value> {
  /** What it does, as part of a sentence: begins in lower case, ends without a full stop. */
  readonly help: string;
  /** Its value if none is given. */
  readonly default?: Value;
  /** What happens if none is given, in words, for an option without a default. */
  readonly otherwise?: string;
}

/** An option for each name: required fields have a default, optional ones say what happens without them. */
export type OptionTable<Options> = {
  readonly [Name in keyof Options]-?: Option<Exclude<Options[Name], undefined>> &
    (undefined extends Options[Name] ? { readonly otherwise: string } : { readonly default: Options[Name] });
};

/** The defaults of the options that have one. */
export function defaultsOf<Options>(table: OptionTable<Options>): Options {
  const options: Readonly<Record<string, Option<unknown>>> = table;
  const given = Object.entries(options).filter(([, option]) => option.default !== undefined);
  // By the table's type, fields without a default are optional.
  return Object.fromEntries(given.map(([name, option]) => [name, option.default])) as Options;
}

/** Returns the table with other defaults. */
export function withDefaults<Options>(table: OptionTable<Options>, defaults: Partial<Options>): OptionTable<Options> {
  const changed = Object.entries(defaults).map(([name, value]) => [
    name,
    { ...table[name as keyof Options], default: value },
  ]);
  return { ...table, ...Object.fromEntries(changed) };
}

/** An option's default in words. */
export function defaultText({ default: value, otherwise }: Option<unknown>): string {
  return value === undefined ? (otherwise ?? "none") : typeof value === "string" ? value : JSON.stringify(value);
}
