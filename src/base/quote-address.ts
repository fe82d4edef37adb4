import { quote } from "./errors.js";

/** Quotes what was given as an address, for an error: without the user and password that it may hold. */
export function quoteAddress(address: unknown): string {
  return quote(typeof address === "string" ? address.replace(/\/\/.*@/, "//…@") : address);
}
