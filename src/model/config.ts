/** What an adapter of low rank is made of (LoRA: Hu et al. 2022, arXiv 2106.09685). */
export interface LoraConfig {
  /** r: the rank of what is learned. */
  readonly rank: number;
  /** α: what is learned counts α/r times. */
  readonly alpha: number;
  /**
   * Which linear layers it is added to: ends of their names (`q_proj`), with `*` for any text
   * (`layers.0.*.q_proj`); see `linearLayers`.
   */
  readonly targets: readonly string[];
  /** Whether it counts α/√r times instead, so that high ranks learn as fast (Kalajdzievski 2023, arXiv 2312.03732). Default false. */
  readonly rsLora?: boolean;
  /**
   * Share of a layer's inputs that is set to zero before A, the others being scaled up, in training only; rounded to a
   * multiple of 1/2039. Default 0.
   */
  readonly dropout?: number;
}

/**
 * Bits that a model's matrices are held in. With either, embedding and head have 8: of all matrices they suffer most from
 * fewer, which is why llama.cpp keeps them finer too.
 */
export type QuantizedWeights = "int8" | "int4";

/** What every decoder-only transformer is made of; sizes are in elements. */
interface CommonConfig {
  /** What is learned beside the parameters, which then stay as they are. */
  readonly adapter?: LoraConfig;
  /** How the matrices are held in an engine; absent: in float32. They are then not trained. */
  readonly weights?: QuantizedWeights;
  /** Rows of the embedding; token ids are below it. */
  readonly vocabSize: number;
  readonly hiddenSize: number;
  /** Width of the feed-forward. */
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
  /** Whether the output head is the embedding, transposed. */
  readonly tiedEmbeddings: boolean;
  /** Standard deviation of the seeded initialisation. */
  readonly initializerRange: number;
  /** Tokens that a token attends to, itself included; absent: all before it. */
  readonly slidingWindow?: number;
  /** Whether each layer has the window; absent: all have it. */
  readonly windowedLayers?: readonly boolean[];
  /** The logits are divided by it. Default 1. */
  readonly logitDivisor?: number;
  /** c, where the logits are bounded: c·tanh(logit / c). */
  readonly logitSoftCap?: number;
}

/** Where the angles of rotary position embeddings come from. */
export interface RotaryConfig {
  /** Base of the rotary frequencies. */
  readonly ropeTheta: number;
  /** How the frequencies are lowered for a longer context than the model was first trained with; absent: not at all. */
  readonly ropeScaling?: RopeScaling;
  /** Share of each head's elements that is rotated. Default 1. */
  readonly rotaryFactor?: number;
}

export type RopeScaling =
  | {
      /** All frequencies are divided by the factor (Chen et al. 2023, arXiv 2306.15595). */
      readonly type: "linear";
      readonly factor: number;
    }
  | {
      /** Only frequencies that turn seldom within the first context are divided (Llama 3.1, arXiv 2407.21783). */
      readonly type: "llama3";
      readonly factor: number;
      /** Frequencies of fewer turns than this within `originalContextLength` are divided by the factor. */
      readonly lowFrequencyFactor: number;
      /** Frequencies of more turns than this stay as they are; between the two they are blended. */
      readonly highFrequencyFactor: number;
      readonly originalContextLength: number;
    }
  | {
      /** Scaling only beyond the context, where no sequence is: within it the frequencies stay as they are. */
      readonly type: "dynamic";
      readonly factor: number;
    }
  | YarnScaling
  | LongRopeScaling;

/** Slow frequencies are divided, fast ones stay, and all scores are sharpened (Peng et al. 2023, arXiv 2309.00071). */
export interface YarnScaling {
  readonly type: "yarn";
  readonly factor: number;
  readonly originalContextLength: number;
  /** Frequencies of more turns than this within `originalContextLength` stay as they are. Default 32. */
  readonly betaFast?: number;
  /** Frequencies of fewer turns than this are divided by the factor; between the two they are blended. Default 1. */
  readonly betaSlow?: number;
  /** What queries and keys are multiplied by. Default 0.1·ln(factor) + 1. */
  readonly attentionFactor?: number;
  /** Whether the blend begins and ends at whole pairs of elements. Default true. */
  readonly truncate?: boolean;
}

/**
 * Each frequency is divided by a factor of its own (Ding et al. 2024, arXiv 2402.13753). Sequences up to the original
 * context length have the short factors, longer ones the long factors; the config's `contextLength` is the original one,
 * so that the factors of a sequence do not change while it grows.
 */
export interface LongRopeScaling {
  readonly type: "longrope";
  readonly shortFactors: readonly number[];
  /** Kept to be written back. */
  readonly longFactors: readonly number[];
  readonly originalContextLength: number;
  /** Longest sequence with the long factors, kept to be written back. */
  readonly extendedContextLength: number;
  /** How much longer the context became. Default: extended by original context length. */
  readonly factor?: number;
  /** What queries and keys are multiplied by. Default √(1 + ln(factor) / ln(original context length)). */
  readonly attentionFactor?: number;
}

/** Llama; `heads * headSize` need not be `hiddenSize`. */
export interface LlamaConfig extends CommonConfig, RotaryConfig {
  readonly architecture: "llama";
  /** Whether the attention's linear layers have biases. Default false. */
  readonly attentionBias?: boolean;
  /** Whether the feed-forward's linear layers have biases. Default false. */
  readonly feedForwardBias?: boolean;
}

/** Llama with attention to the last tokens only. */
export interface MistralConfig extends CommonConfig, RotaryConfig {
  readonly architecture: "mistral";
}

/** Llama with biases in the query, key and value layers. */
export interface Qwen2Config extends CommonConfig, RotaryConfig {
  readonly architecture: "qwen2";
}

/** Llama with norms of queries and keys. */
export interface Qwen3Config extends CommonConfig, RotaryConfig {
  readonly architecture: "qwen3";
  /** Whether the attention's linear layers have biases. */
  readonly attentionBias: boolean;
}

/** How the tokens of a layer are routed to its experts. */
export interface RoutingConfig {
  /** Experts of each layer that has them. */
  readonly experts: number;
  /** Experts that a token goes to. */
  readonly expertsPerToken: number;
}

/** Mistral with experts in the place of the feed-forward; `intermediateSize` is the width of each. */
export interface MixtralConfig extends CommonConfig, RotaryConfig, RoutingConfig {
  readonly architecture: "mixtral";
}

/** Qwen3 with experts in the place of the feed-forward of some layers. */
export interface Qwen3MoeConfig extends CommonConfig, RotaryConfig, RoutingConfig {
  readonly architecture: "qwen3_moe";
  readonly attentionBias: boolean;
  /** Width of each expert; `intermediateSize` is that of feed-forwards without experts. */
  readonly expertSize: number;
  /** Whether each layer has experts. */
  readonly routedLayers: readonly boolean[];
  /** Whether the probabilities of the experts that a token goes to are made to sum to 1. */
  readonly normalizedRouting: boolean;
}

/** Llama without rotary positions in some layers. */
export interface SmolLm3Config extends CommonConfig, RotaryConfig {
  readonly architecture: "smollm3";
  /** Whether the heads of each layer are rotated. */
  readonly rotatedLayers: readonly boolean[];
  readonly attentionBias: boolean;
  readonly feedForwardBias: boolean;
}

/** Llama with a multiplier at each place where it matters how large numbers are; the logits' is `logitDivisor`. */
export interface GraniteConfig extends CommonConfig, RotaryConfig {
  readonly architecture: "granite";
  readonly attentionBias: boolean;
  readonly feedForwardBias: boolean;
  /** What embeddings are multiplied by. */
  readonly embeddingMultiplier: number;
  /** What attention and feed-forward are multiplied by, before they are added to the residual stream. */
  readonly residualMultiplier: number;
  /** What queries · keys are multiplied by, instead of 1/√headSize. */
  readonly attentionMultiplier: number;
}

/** Llama with norms after attention and feed-forward, and of all queries and all keys of a token. */
export interface Olmo2Config extends CommonConfig, RotaryConfig {
  readonly architecture: "olmo2";
  readonly attentionBias: boolean;
}

/** Phi-3 and Phi-4: Llama with one layer for query, key and value, and one for the gate and what passes it. */
export interface Phi3Config extends CommonConfig, RotaryConfig {
  readonly architecture: "phi3";
  readonly rotaryFactor: number;
}

/** What Gemma 2 and 3 have in common. */
interface GemmaConfig extends CommonConfig, RotaryConfig {
  readonly attentionBias: boolean;
  /** What queries · keys are multiplied by 1/√ of. */
  readonly queryPreAttentionScalar: number;
  /** c, where the scores are bounded: c·tanh(score / c). */
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
  /** How the heads of layers with a window are rotated. */
  readonly windowedRotary: RotaryConfig;
}

/** Llama with LayerNorm and a share of each head rotated. */
export interface StableLmConfig extends CommonConfig, RotaryConfig {
  readonly architecture: "stablelm";
  readonly rotaryFactor: number;
  /** Whether query, key and value have biases. */
  readonly projectionBias: boolean;
  /** Whether attention and feed-forward of a layer read the same, by the same norm. */
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

/** GELU by the error function, or its approximation by tanh. */
export type Activation = "gelu" | "gelu-tanh";

/** What a model is made of. `architecture` is what Hugging Face's config.json calls `model_type`. */
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
