import { readFileSync } from "node:fs";
import type { LlamaConfig, ModelConfig } from "../src/model/config.js";

/** The model and the batch of a measurement. */
export interface BenchSize {
  readonly about: string;
  readonly config: ModelConfig;
  /** Rows per batch. */
  readonly batch: number;
  /** Tokens per row. */
  readonly length: number;
}

/** The sizes of `bench/sizes.json` by name; PyTorch's side reads them too. */
export function benchSizes(): ReadonlyMap<string, BenchSize> {
  // Relative to dist/bench.
  const text = readFileSync(new URL("../../bench/sizes.json", import.meta.url), "utf8");
  const sizes = JSON.parse(text) as Record<string, Omit<LlamaConfig, "architecture"> & Omit<BenchSize, "config">>;
  return new Map(
    Object.entries(sizes).map(([name, { about, batch, length, ...config }]) => [
      name,
      // Scoring puts one prompt token before a row of responses.
      {
        about,
        batch,
        length,
        config: { ...config, architecture: "llama", contextLength: length + 1, initializerRange: 0.02 },
      },
    ]),
  );
}
