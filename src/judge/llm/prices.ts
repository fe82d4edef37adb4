import { readFile } from "node:fs/promises";
import { shippedData } from "../../data/world/shipped.js";

/** US dollars per million tokens. */
export interface Price {
  readonly input: number;
  readonly output: number;
}

/** The table of prices, which states its date. */
export const priceFile = `${shippedData}judge/prices.json`;

/** The price of a model in the shipped table; a date suffix of its name is ignored. */
export async function knownPrice(provider: string, model: string): Promise<Price | undefined> {
  const { models } = JSON.parse(await readFile(priceFile, "utf8")) as { models: Record<string, Record<string, Price>> };
  return models[provider]?.[model.replace(/-(\d{8}|\d{4}-\d{2}-\d{2}|latest)$/, "")];
}

/** Cost of the tokens in US dollars. */
export function costOf({ input, output }: Price, inputTokens: number, outputTokens: number): number {
  return (input * inputTokens + output * outputTokens) / 1e6;
}

/**
 * A high estimate of a text's number of tokens: a third of its bytes in UTF-8, about a quarter too many for English and
 * one token per character for Chinese.
 */
export function estimatedTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / 3);
}
