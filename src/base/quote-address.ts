import { quote } from "./errors.js";

/** Quotes an address for an error, without the user, password, query and fragment, which may be secret. */
export function quoteAddress(address: unknown): string {
  if (typeof address !== "string") return quote(address);
  return quote(address.replace(/\/\/.*@/, "//…@").replace(/([?#]).*/s, "$1…"));
}
