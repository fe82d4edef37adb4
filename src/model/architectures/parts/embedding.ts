import { gather, reshape, type Value } from "../../../graph/index.js";
import type { Network } from "../network.js";

/** Rows of an embedding for token ids or positions [batch, length]: [batch·length, size]. */
export function embed(network: Network, module: string, ids: Value): Value {
  const table = network.weight(`${module}.weight`);
  return reshape(gather(table, ids), [-1, table.shape[1]!]);
}
