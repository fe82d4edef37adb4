import { InputError } from "../errors.js";
import { quoteAddress } from "../quote-address.js";

/** Parses the base URL of a server as given by a user; undefined unless it is an http or https URL without secrets. */
export function serverUrl(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) return undefined;
  return url.username || url.password || url.search || url.hash ? undefined : url;
}

/**
 * Checks the base URL of a server with a model API. Messages quote it, so it must not contain secrets.
 *
 * @param name name of the setting, for messages
 * @throws InputError if it is not such a URL, or has a user, a password, a query or a fragment, which are not quoted
 */
export function checkServerAddress(address: string, name: string): void {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (!url || !/^https?:$/.test(url.protocol))
    throw new InputError(
      `${name}: found ${quoteAddress(address)}, expected the address of a server, such as http://localhost:8000/v1`,
    );
  // Some providers accept the key there.
  if (url.search || url.hash)
    throw new InputError(
      `${name}: it has a query or fragment (\`?…\`, \`#…\`); give the base URL alone, and a key by \`keyVariable\``,
    );
  if (url.username || url.password)
    throw new InputError(
      `${name}: it contains a user name or password; put the key into an environment variable and name it in \`keyVariable\``,
    );
}
