import type { Random } from "../../base/random.js";
import type { Margin } from "../margins.js";
import { keepFirst, type Reviewed } from "./selected.js";

/**
 * Keeps pairs at random: a baseline for {@link selectTop}, and DICE's replay of offline pairs (Chen et al. 2024,
 * arXiv 2406.09760).
 *
 * @param share K / N, in [0, 1]
 */
export function selectRandom(rows: readonly Margin[], share: number, random: Random): Reviewed[] {
  return keepFirst(rows, random.shuffle([...rows.keys()]), share);
}
