import { readFile } from "node:fs/promises";
import { shippedData } from "../../data/world/shipped.js";

/** US dollars per million tokens. */
export interface Price {
  readonly input: number;
  readonly output: number;
}

/** Where the dated table of prices lies. */
export const priceFile = `${shippedData}judge/prices.json`;

/** The price of a model in the shipped table; a date at the end of its name is another edition of the same. */
export async function knownPrice(provider: string, model: string): Promise<Price | undefined> {
  const { models } = JSON.parse(await readFile(priceFile, "utf8")) as { models: Record<string, Record<string, Price>> };
  return models[provider]?.[model.replace(/-(\d{8}|\d{4}-\d{2}-\d{2}|latest)$/, "")];
}

/** US dollars of so many tokens. */
export function costOf({ input, output }: Price, inputTokens: number, outputTokens: number): number {
  return (input * inputTokens + output * outputTokens) / 1e6;
}

/**
 * About how many tokens a text has, rather more than fewer: a third of its bytes in UTF-8, which is a quarter above what
 * English has and one token for each character of Chinese.
 */
export function estimatedTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / 3);
}
