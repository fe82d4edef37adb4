import { InputError } from "../errors.js";

/**
 * Reads the API key from an environment variable.
 *
 * @param whose user of the key, for messages
 * @throws InputError naming the variable if it is not set or cannot be a key; the key itself is not shown
 */
export function apiKeyIn(variable: string, whose: string): string {
  const key = process.env[variable]?.trim();
  if (!key) throw new InputError(`${whose}: no API key; set the environment variable ${variable}`);
  // Such a key cannot be sent, and the error from trying would quote it.
  if (/[^\x21-\x7e]/.test(key))
    throw new InputError(
      `${variable}: not an API key (it contains spaces or special characters); set it to the key alone`,
    );
  return key;
}
