import { InputError, quote } from "../base/errors.js";

/** A validity check of a setting, and the expected kind of value. */
export type SettingCheck = readonly [isGood: (value: unknown) => boolean, expected: string];

export const text: SettingCheck = [(value) => typeof value === "string" && value !== "", "a text"];
export const flag: SettingCheck = [(value) => typeof value === "boolean", "true or false"];
export const whole = (least: number, most?: number): SettingCheck => [
  (value) =>
    Number.isSafeInteger(value) && (value as number) >= least && (most === undefined || (value as number) <= most),
  `a whole number from ${least}${most === undefined ? "" : ` to ${most}`}`,
];

/**
 * Checks the settings of a compute target.
 *
 * @param target name of the function that takes them
 * @param required those that have no default, each with advice
 * @throws InputError naming the first setting that is unknown, missing or invalid
 */
export function checkTargetSettings<Settings extends object>(
  target: string,
  given: Settings,
  checks: { readonly [Name in keyof Required<Settings>]: SettingCheck },
  required: { readonly [Name in keyof Settings]?: string },
): void {
  if (typeof given !== "object" || given === null)
    throw new InputError(`${target}: found ${quote(given)}, expected { ${Object.keys(required).join(", ")} }`);
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(checks, name));
  if (unknown !== undefined)
    throw new InputError(
      `${target}: \`${unknown}\` is not one of its settings, which are ${Object.keys(checks).join(", ")}`,
    );
  for (const [name, advice] of Object.entries(required)) {
    if (given[name as keyof Settings] === undefined)
      throw new InputError(`${target}: \`${name}\` is missing; ${advice as string}`);
  }
  for (const [name, [isGood, expected]] of Object.entries<SettingCheck>(checks)) {
    const value = given[name as keyof Settings];
    if (value !== undefined && !isGood(value))
      throw new InputError(`${target}: ${name}: found ${quote(value)}, expected ${expected}`);
  }
}
