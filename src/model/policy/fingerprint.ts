import { createHash } from "node:crypto";
import type { State } from "../../engine/engine.js";
import type { ModelConfig, QuantizedWeights } from "../config.js";
import { loraLayers } from "../parameters/lora/lora.js";
import type { Tokenizer } from "../tokenizer/tokenizer.js";

/** Identifies a model by SHA-256 digests, in hex. */
export interface ModelFingerprint {
  readonly config: string;
  /** Of the tokenizer's files. */
  readonly tokenizer: string;
  /** Ids of the tokens that end a response, if there are others than the EOS, which the tokenizer's files do not name. */
  readonly stops?: readonly number[];
  /** Of the trained parameters: the adapter's matrices, or all parameters. */
  readonly parameters: string;
  /** How the matrices are stored if not in float32. The digests are then of the quantised values. */
  readonly weights?: QuantizedWeights;
  /** Of the parameters below an adapter: equals `parameters` of the model without it. */
  readonly base?: string;
}

/** Digest of a config. For an adapter it covers the layers it is added to, however they are named. */
export function configDigest({ adapter, ...config }: ModelConfig): string {
  const added = adapter && {
    rank: adapter.rank,
    alpha: adapter.alpha,
    rsLora: adapter.rsLora ?? false,
    dropout: adapter.dropout ?? 0,
    layers: loraLayers(config as ModelConfig, adapter).map(({ name }) => name),
  };
  return createHash("sha256")
    .update(sortedJson({ ...config, ...(added && { adapter: added }) }))
    .digest("hex");
}

/** Digest of a tokenizer's files. */
export function tokenizerDigest({ files }: Tokenizer): string {
  return createHash("sha256")
    .update(sortedJson(Object.fromEntries(files)))
    .digest("hex");
}

/**
 * Digest of a state's tensors with their names, types and shapes, in any order. Reads them one by one, because a state
 * may be large.
 */
export async function stateDigest(state: State): Promise<string> {
  const hash = createHash("sha256");
  for (const name of state.names.toSorted()) {
    const { dtype, shape, data } = (await state.read([name])).get(name)!;
    hash.update(JSON.stringify([name, dtype, shape])).update(data);
  }
  return hash.digest("hex");
}

/** JSON with fields in alphabetical order. */
function sortedJson(value: object): string {
  const sorted = (_: string, part: unknown) =>
    typeof part === "object" && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : part;
  return JSON.stringify(value, sorted);
}
