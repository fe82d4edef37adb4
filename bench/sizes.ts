import { readFileSync } from "node:fs";
import type { LlamaConfig, ModelConfig } from "../src/model/config.js";

/** A model and a batch that are measured. */
export interface BenchSize {
  readonly about: string;
  readonly config: ModelConfig;
  /** Rows of a batch. */
  readonly batch: number;
  /** Tokens of a row. */
  readonly length: number;
}

/** The sizes of `bench/sizes.json`, which PyTorch's side reads too, by name. */
export function benchSizes(): ReadonlyMap<string, BenchSize> {
  // Seen from dist/bench.
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
