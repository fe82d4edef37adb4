import { InputError, quote } from "../base/errors.js";
import type { LlamaConfig } from "./config.js";

/** A model to train from scratch: all sizes except the vocabulary's, which comes from the tokenizer. */
export interface Preset {
  readonly about: string;
  /** Tokens of a vocabulary learned from the data; undefined: the synthetic world's own vocabulary. */
  readonly vocabulary?: number;
  readonly config: Omit<LlamaConfig, "vocabSize">;
}

const common = {
  architecture: "llama",
  ropeTheta: 10000,
  normEpsilon: 1e-6,
  tiedEmbeddings: true,
  initializerRange: 0.02,
} as const;

/** Models to train from scratch, by name. */
export const presets = {
  world: {
    about: "0.8M parameters, the synthetic world's own words",
    config: {
      ...common,
      hiddenSize: 128,
      intermediateSize: 352,
      layers: 4,
      heads: 4,
      kvHeads: 4,
      headSize: 32,
      contextLength: 96,
      initializerRange: 0.05,
    },
  },
  tiny: {
    about: "1.1M parameters, 512 tokens of context, 2,048 tokens learned from the data",
    vocabulary: 2048,
    config: {
      ...common,
      hiddenSize: 128,
      intermediateSize: 352,
      layers: 4,
      heads: 4,
      kvHeads: 4,
      headSize: 32,
      contextLength: 512,
    },
  },
  small: {
    about: "6.8M parameters, 1,024 tokens of context, 4,096 tokens learned from the data",
    vocabulary: 4096,
    config: {
      ...common,
      hiddenSize: 256,
      intermediateSize: 896,
      layers: 6,
      heads: 8,
      kvHeads: 8,
      headSize: 32,
      contextLength: 1024,
    },
  },
  base: {
    about: "40M parameters, 1,024 tokens of context, 8,192 tokens learned from the data",
    vocabulary: 8192,
    config: {
      ...common,
      hiddenSize: 512,
      intermediateSize: 1664,
      layers: 10,
      heads: 8,
      kvHeads: 8,
      headSize: 64,
      contextLength: 1024,
    },
  },
} as const satisfies Record<string, Preset>;

export type PresetName = keyof typeof presets;

/** Whether a preset has this name. */
export function isPreset(name: string): name is PresetName {
  return Object.hasOwn(presets, name);
}

/**
 * Returns a preset by name.
 *
 * @throws InputError listing the presets if none has that name
 */
export function preset(name: string): Preset {
  if (!isPreset(name))
    throw new InputError(`model: found ${quote(name)}, expected a folder or one of ${Object.keys(presets).join(", ")}`);
  return presets[name];
}
