import { InputError } from "../../base/errors.js";

/**
 * Loads a provider's SDK, an optional package that the user installs.
 *
 * @throws InputError if it is not installed
 */
export async function loadSdk<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new InputError(`${name} is not installed, through which this model is asked: npm install ${name}`, {
      cause: error,
    });
  }
}
