/** Settings of a low-rank adapter (LoRA: Hu et al. 2022, arXiv 2106.09685). */
export interface LoraConfig {
  /** r: the rank of the update. */
  readonly rank: number;
  /** α: the update is scaled by α/r. */
  readonly alpha: number;
  /**
   * The linear layers that get an adapter: endings of their names (`q_proj`), with `*` for any text
   * (`layers.0.*.q_proj`); see `linearLayers`.
   */
  readonly targets: readonly string[];
  /** Whether to scale by α/√r instead, so that high ranks learn as fast (Kalajdzievski 2023, arXiv 2312.03732). Default false. */
  readonly rsLora?: boolean;
  /**
   * Dropout probability of a layer's inputs before A, in training only; the kept inputs are scaled up. Rounded to a
   * multiple of 1/2039. Default 0.
   */
  readonly dropout?: number;
}

/**
 * Bits per number of a model's matrices. Both settings keep embedding and head at 8 bits: they suffer most from fewer,
 * which is why llama.cpp also keeps them at higher precision.
 */
export type QuantizedWeights = "int8" | "int4";

/** Settings that all decoder-only transformers share; sizes are in elements. */
interface CommonConfig {
  /** The adapter that is trained; the model's own parameters are then frozen. */
  readonly adapter?: LoraConfig;
  /** How an engine stores the matrices; absent: in float32. Quantised matrices are not trained. */
  readonly weights?: QuantizedWeights;
  /** Rows of the embedding; every token id is below this. */
  readonly vocabSize: number;
  readonly hiddenSize: number;
  /** Width of the feed-forward network. */
  readonly intermediateSize: number;
  readonly layers: number;
  /** Query heads. */
  readonly heads: number;
  /** Key and value heads; divides `heads` (grouped-query attention). */
  readonly kvHeads: number;
  readonly headSize: number;
  /** Longest sequence in tokens, prompt and response together. */
  readonly contextLength: number;
  /** ε of the norms. */
  readonly normEpsilon: number;
  /** Whether the output head is the transposed embedding. */
  readonly tiedEmbeddings: boolean;
  /** Standard deviation of the seeded initialisation. */
  readonly initializerRange: number;
  /** How many tokens a token attends to, itself included; absent: all tokens before it. */
  readonly slidingWindow?: number;
  /** Whether each layer uses the sliding window; absent: all do. */
  readonly windowedLayers?: readonly boolean[];
  /** The logits are divided by this. Default 1. */
  readonly logitDivisor?: number;
  /** c of the logits' soft cap, c·tanh(logit / c). */
  readonly logitSoftCap?: number;
}

/** Angles of rotary position embeddings. */
export interface RotaryConfig {
  /** Base of the rotary frequencies. */
  readonly ropeTheta: number;
  /** How the frequencies are lowered to extend the context the model was first trained with; absent: not at all. */
  readonly ropeScaling?: RopeScaling;
  /** Fraction of each head's elements that is rotated. Default 1. */
  readonly rotaryFactor?: number;
}

export type RopeScaling =
  | {
      /** All frequencies are divided by the factor (Chen et al. 2023, arXiv 2306.15595). */
      readonly type: "linear";
      readonly factor: number;
    }
  | {
      /** Only the slow frequencies, with few turns within the original context, are divided (Llama 3.1, arXiv 2407.21783). */
      readonly type: "llama3";
      readonly factor: number;
      /** Frequencies with fewer turns than this within `originalContextLength` are divided by the factor. */
      readonly lowFrequencyFactor: number;
      /** Frequencies with more turns than this stay unchanged; those in between are blended. */
      readonly highFrequencyFactor: number;
      readonly originalContextLength: number;
    }
  | {
      /** Scales only sequences beyond the context, which never occur here; within it the frequencies stay unchanged. */
      readonly type: "dynamic";
      readonly factor: number;
    }
  | YarnScaling
  | LongRopeScaling;

/** Slow frequencies are divided, fast ones stay, and all attention scores are sharpened (Peng et al. 2023, arXiv 2309.00071). */
export interface YarnScaling {
  readonly type: "yarn";
  readonly factor: number;
  readonly originalContextLength: number;
  /** Frequencies with more turns than this within `originalContextLength` stay unchanged. Default 32. */
  readonly betaFast?: number;
  /** Frequencies with fewer turns than this are divided by the factor; those in between are blended. Default 1. */
  readonly betaSlow?: number;
  /** Multiplier of queries and keys. Default 0.1·ln(factor) + 1. */
  readonly attentionFactor?: number;
  /** Whether to round the blend's limits to whole pairs of elements. Default true. */
  readonly truncate?: boolean;
}

/**
 * Each frequency is divided by its own factor (Ding et al. 2024, arXiv 2402.13753). Sequences up to the original
 * context length use the short factors, longer ones the long factors. The config's `contextLength` is the original one,
 * so that a sequence's factors do not change while it grows.
 */
export interface LongRopeScaling {
  readonly type: "longrope";
  readonly shortFactors: readonly number[];
  /** Stored so that it can be written back. */
  readonly longFactors: readonly number[];
  readonly originalContextLength: number;
  /** Longest sequence with the long factors; stored so that it can be written back. */
  readonly extendedContextLength: number;
  /** How many times longer the context became. Default: extended / original context length. */
  readonly factor?: number;
  /** Multiplier of queries and keys. Default √(1 + ln(factor) / ln(original context length)). */
  readonly attentionFactor?: number;
}

/** Llama; `heads * headSize` need not be `hiddenSize`. */
export interface LlamaConfig extends CommonConfig, RotaryConfig {
  readonly architecture: "llama";
  /** Whether the attention's linear layers have biases. Default false. */
  readonly attentionBias?: boolean;
  /** Whether the feed-forward network's linear layers have biases. Default false. */
  readonly feedForwardBias?: boolean;
}

/** Llama with sliding-window attention. */
export interface MistralConfig extends CommonConfig, RotaryConfig {
  readonly architecture: "mistral";
}

/** Llama with biases in the query, key and value layers. */
export interface Qwen2Config extends CommonConfig, RotaryConfig {
  readonly architecture: "qwen2";
}

/** Llama with normalised queries and keys. */
export interface Qwen3Config extends CommonConfig, RotaryConfig {
  readonly architecture: "qwen3";
  /** Whether the attention's linear layers have biases. */
  readonly attentionBias: boolean;
}

/** How a layer routes tokens to its experts. */
export interface RoutingConfig {
  /** Number of experts in each layer that has experts. */
  readonly experts: number;
  /** Number of experts that process each token. */
  readonly expertsPerToken: number;
}

/** Mistral with experts in place of the feed-forward network; `intermediateSize` is the width of each. */
export interface MixtralConfig extends CommonConfig, RotaryConfig, RoutingConfig {
  readonly architecture: "mixtral";
}

/** Qwen3 with experts in place of the feed-forward network of some layers. */
export interface Qwen3MoeConfig extends CommonConfig, RotaryConfig, RoutingConfig {
  readonly architecture: "qwen3_moe";
  readonly attentionBias: boolean;
  /** Width of each expert; `intermediateSize` is the width of feed-forward networks without experts. */
  readonly expertSize: number;
  /** Whether each layer has experts. */
  readonly routedLayers: readonly boolean[];
  /** Whether the routing probabilities of a token's experts are normalised to sum to 1. */
  readonly normalizedRouting: boolean;
}

/** Llama without rotary positions in some layers (NoPE). */
export interface SmolLm3Config extends CommonConfig, RotaryConfig {
  readonly architecture: "smollm3";
  /** Whether each layer rotates its heads. */
  readonly rotatedLayers: readonly boolean[];
  readonly attentionBias: boolean;
  readonly feedForwardBias: boolean;
}

/** Llama with multipliers for embeddings, attention scores and residual branches; the logits' is `logitDivisor`. */
export interface GraniteConfig extends CommonConfig, RotaryConfig {
  readonly architecture: "granite";
  readonly attentionBias: boolean;
  readonly feedForwardBias: boolean;
  /** Multiplier of the embeddings. */
  readonly embeddingMultiplier: number;
  /** Multiplier of the outputs of attention and feed-forward before they are added to the residual stream. */
  readonly residualMultiplier: number;
  /** Multiplier of queries · keys, instead of 1/√headSize. */
  readonly attentionMultiplier: number;
}

/** Llama with norms after attention and feed-forward; queries and keys are normalised across all heads. */
export interface Olmo2Config extends CommonConfig, RotaryConfig {
  readonly architecture: "olmo2";
  readonly attentionBias: boolean;
}

/** Phi-3 and Phi-4: Llama with fused query-key-value and gate-up layers. */
export interface Phi3Config extends CommonConfig, RotaryConfig {
  readonly architecture: "phi3";
  readonly rotaryFactor: number;
}

/** Settings that Gemma 2 and 3 share. */
interface GemmaConfig extends CommonConfig, RotaryConfig {
  readonly attentionBias: boolean;
  /** Queries · keys are divided by the square root of this. */
  readonly queryPreAttentionScalar: number;
  /** c of the attention scores' soft cap, c·tanh(score / c). */
  readonly scoreSoftCap?: number;
  readonly slidingWindow: number;
  readonly windowedLayers: readonly boolean[];
}

export interface Gemma2Config extends GemmaConfig {
  readonly architecture: "gemma2";
}

/** The language model of Gemma 3. */
export interface Gemma3Config extends GemmaConfig {
  readonly architecture: "gemma3_text";
  /** Rotary positions of the sliding-window layers. */
  readonly windowedRotary: RotaryConfig;
}

/** Llama with LayerNorm and partially rotated heads. */
export interface StableLmConfig extends CommonConfig, RotaryConfig {
  readonly architecture: "stablelm";
  readonly rotaryFactor: number;
  /** Whether the query, key and value layers have biases. */
  readonly projectionBias: boolean;
  /** Whether attention and feed-forward of a layer read the same normalised input. */
  readonly parallelResidual: boolean;
}

/** GPT-NeoX and Pythia. */
export interface GptNeoXConfig extends CommonConfig, RotaryConfig {
  readonly architecture: "gpt_neox";
  readonly rotaryFactor: number;
  /** Whether attention and feed-forward of a layer read the same hidden state. */
  readonly parallelResidual: boolean;
  /** Whether the attention's linear layers have biases. */
  readonly attentionBias: boolean;
  readonly activation: Activation;
}

/** GPT-2. */
export interface Gpt2Config extends CommonConfig {
  readonly architecture: "gpt2";
  readonly activation: Activation;
}

/** GELU: exact, with the error function, or its tanh approximation. */
export type Activation = "gelu" | "gelu-tanh";

/** A model's config. `architecture` is the `model_type` of Hugging Face's config.json. */
export type ModelConfig =
  | LlamaConfig
  | MistralConfig
  | Qwen2Config
  | Qwen3Config
  | MixtralConfig
  | Qwen3MoeConfig
  | SmolLm3Config
  | GraniteConfig
  | Olmo2Config
  | Phi3Config
  | Gemma2Config
  | Gemma3Config
  | StableLmConfig
  | GptNeoXConfig
  | Gpt2Config;
