/** What a decoder-only transformer of the Llama family is made of; every size is in elements. */
export interface ModelConfig {
  readonly architecture: "llama";
  /** Rows of the embedding; token ids are below it. */
  readonly vocabSize: number;
  readonly hiddenSize: number;
  /** Width of the SwiGLU feed-forward. */
  readonly intermediateSize: number;
  readonly layers: number;
  /** Query heads; `heads * headSize` need not be `hiddenSize`. */
  readonly heads: number;
  /** Key and value heads; divides `heads` (grouped-query attention). */
  readonly kvHeads: number;
  readonly headSize: number;
  /** Longest sequence in tokens, prompt and response together. */
  readonly contextLength: number;
  /** Base of the rotary frequencies. */
  readonly ropeTheta: number;
  /** ε of RMSNorm. */
  readonly normEpsilon: number;
  /** Whether the output head is the embedding, transposed. */
  readonly tiedEmbeddings: boolean;
  /** Standard deviation of the seeded initialisation. */
  readonly initializerRange: number;
}
