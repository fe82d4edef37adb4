import { div, type Value } from "../../graph/index.js";
import type { ModelConfig } from "../config.js";
import type { PlacedTokens } from "./architecture.js";
import { architectureOf } from "./index.js";
import type { Network } from "./network.js";
import { attend, type Attention, type Projections } from "./parts/attention.js";
import { causalMask, maskOfLayer, sharedMask } from "./parts/mask.js";
import { softCap } from "./parts/soft-cap.js";

/**
 * The transformer without its head.
 *
 * @returns normalised hidden states [batch·length, hidden]
 */
export function decode(config: ModelConfig, network: Network, tokens: PlacedTokens, attention: Attention): Value {
  return architectureOf(config).decode(config, network, tokens, attention);
}

/**
 * Hidden states of whole sequences that start at position 0. Rows are padded at their ends: no real token attends to later ones,
 * so padding has no effect.
 *
 * @param tokens int32 [batch, length]
 * @param keep receives each layer's projections, to fill a cache
 */
export function decodeSequences(
  config: ModelConfig,
  network: Network,
  tokens: Value,
  keep: (projections: Projections, layer: number) => void = () => {},
): Value {
  const [batch, length] = tokens.shape as [number, number];
  const positions = Int32Array.from({ length: batch * length }, (_, i) => i % length);
  const position = tokens.graph.constant({ dtype: "int32", shape: [batch, length], data: positions });
  const mask = maskOfLayer(config, (window) => causalMask(tokens.graph, window, length));
  return decode(config, network, { tokens, position, positions: length }, (projections, layer) => {
    keep(projections, layer);
    return attend(projections, mask(layer));
  });
}

/** How the tokens of rows with several responses to one prompt relate to each other, each int32 [rows, length]. */
export interface SharedRows {
  /** Position of each token in its own sequence. */
  readonly place: Value;
  /** Index within the row of the last token that attends to it. */
  readonly visibleUntil: Value;
}

/**
 * {@link decodeSequences} for rows that contain a prompt once and several responses to it, which do not attend to each other.
 *
 * @param tokens int32 [batch, length]
 */
export function decodeShared(
  config: ModelConfig,
  network: Network,
  tokens: Value,
  { place, visibleUntil }: SharedRows,
): Value {
  const mask = maskOfLayer(config, (window) => sharedMask(window, place, visibleUntil));
  const placed = { tokens, position: place, positions: tokens.shape[1]! };
  return decode(config, network, placed, (projections, layer) => attend(projections, mask(layer)));
}

/** Logits over the vocabulary for rows of hidden states: [rows, vocab]. */
export function head(config: ModelConfig, network: Network, hidden: Value): Value {
  const { embedding, head } = architectureOf(config);
  const logits = config.tiedEmbeddings ? network.unembed(hidden, embedding) : network.linear(hidden, head);
  return softCap(div(logits, config.logitDivisor ?? 1), config.logitSoftCap);
}
