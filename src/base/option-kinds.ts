import { z } from "zod";
import { bytesIn, type ByteSize } from "./byte-size.js";

/**
 * Checks a value: only the part of a zod schema that is called, so that the compiler need not read zod's declarations
 * for every cell.
 */
export interface Schema<Value> {
  safeParse(
    value: unknown,
  ):
    | { readonly success: true; readonly data: Value }
    | { readonly success: false; readonly error: { readonly issues: readonly SchemaIssue[] } };
}

/** Why a schema rejects a value. */
export interface SchemaIssue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** The values of an option: how they are checked, described, and parsed on the command line. */
export interface Kind<Value> {
  readonly schema: Schema<Value>;
  /** The values in words, to follow "expected". */
  readonly expected: string;
  /** The names among the values, if any, for help texts. */
  readonly choices?: readonly string[];
  /** Placeholder of a flag's value in help texts; a flag without one is a switch. */
  readonly placeholder?: string;
  /** Whether a switch can also be turned off, by `--no-…`. */
  readonly negatable?: boolean;
  /** Parses a command-line argument; the schema checks the result. Default: the text itself. */
  readonly parse?: (text: string) => unknown;
  /** Command-line syntax beyond a plain value, for help texts. */
  readonly syntax?: string;
}

/** Parses a number; NaN if the text is not a number. */
export function parseNumber(text: string): number {
  return text.trim() === "" ? NaN : Number(text);
}

const numeric =
  (schema: Schema<number>, expected: string) =>
  (placeholder: string): Kind<number> => ({ schema, expected, placeholder, parse: parseNumber });

/** A whole number of at least `least`. */
export const whole = (least: number, placeholder = "n") =>
  numeric(z.int().min(least), `a whole number from ${least}`)(placeholder);

/** A whole number from `least` to `most`. */
export const wholeWithin = (least: number, most: number, placeholder: string) =>
  numeric(z.int().min(least).max(most), `a whole number in [${least}, ${most}]`)(placeholder);

/** A whole number of at least `least`, or a name. */
export const wholeOr = <const Name extends string>(
  name: Name,
  least: number,
  placeholder: string,
): Kind<number | Name> => ({
  schema: z.union([z.literal(name), z.int().min(least)]),
  expected: `a whole number from ${least}, or "${name}"`,
  placeholder,
  parse: (text) => (text === name ? text : parseNumber(text)),
});

export const positive = numeric(z.number().positive(), "a number above 0");
export const notNegative = numeric(z.number().nonnegative(), "a number from 0");
/** A number from `least` to `most`. */
export const within = (least: number, most: number, placeholder: string) =>
  numeric(z.number().min(least).max(most), `a number in [${least}, ${most}]`)(placeholder);
/** A number above 0 and at most `most`. */
export const aboveUpTo = (most: number, placeholder: string) =>
  numeric(z.number().positive().max(most), `a number above 0, at most ${most}`)(placeholder);
export const share = numeric(z.number().min(0).max(1), "a share in [0, 1]");
export const positiveShare = numeric(z.number().positive().max(1), "a number above 0, at most 1");
/** @param limit exclusive upper limit; `text` is its spelling */
export const shareBelow = (limit: number, text = `${limit}`) =>
  numeric(z.number().min(0).lt(limit), `a share in [0, ${text})`);

/** At least two shares of one whole. */
export const parts = (placeholder: string): Kind<readonly number[]> => ({
  schema: z
    .array(z.number().positive().max(1))
    .min(2)
    .refine((shares) => shares.reduce((sum, each) => sum + each, 0) < 1 + 1e-9),
  expected: "at least two shares above 0 that add up to at most 1",
  placeholder,
  syntax: "separated by commas, as in 0.1,0.3,0.6",
  parse: (text) => text.split(",").map(parseNumber),
});

/** Bytes, or a number with a unit. */
export const byteSize = (placeholder: string): Kind<ByteSize> => ({
  schema: z.custom<ByteSize>((value) => bytesIn(value) !== undefined),
  expected: "a size such as 8GB or 512MiB",
  placeholder,
});

/** A switch. `negatable`: whether `--no-…` turns it off. */
export const flag = (negatable = false): Kind<boolean> => ({
  schema: z.boolean(),
  expected: "true or false",
  negatable,
});

/** One of some names. */
export const oneOf = <const Name extends string>(choices: readonly Name[], placeholder: string): Kind<Name> => ({
  schema: z.enum(choices),
  expected: `one of ${choices.join(", ")}`,
  ...{ choices, placeholder },
});

/** One of some names, or a custom component: an object, whose parts are checked when the options are resolved. */
export const nameOrPart = <const Name extends string, Part extends object>(
  choices: readonly Name[],
  part: string,
  placeholder: string,
): Kind<Name | Part> => ({
  schema: z.union([z.enum(choices), objectOf<Part>()]),
  expected: `one of ${choices.join(", ")}, or ${part} of your own`,
  ...{ choices, placeholder },
});

/** Nats per token, or "auto". */
export const penalty = (placeholder: string): Kind<number | "auto"> => ({
  schema: z.union([z.literal("auto"), z.number().nonnegative()]),
  expected: 'a number from 0, or "auto"',
  placeholder,
  parse: (text) => (text === "auto" ? text : parseNumber(text)),
});

/** An object. A function is rejected with a message that says how to name it. */
function objectOf<Part extends object>() {
  return z.custom<Part>((value) => (typeof value === "object" && value !== null) || typeof value === "function");
}
