import type { Random } from "../../base/random.js";
import type { Margin } from "../margins.js";
import { keepFirst, type Reviewed } from "./selected.js";

/**
 * Keeps pairs at random: a baseline of {@link selectTop}, and the replay of offline pairs that DICE mixes with its own
 * (Chen et al. 2024, arXiv 2406.09760).
 *
 * @param share K / N, in [0, 1]
 */
export function selectRandom(rows: readonly Margin[], share: number, random: Random): Reviewed[] {
  return keepFirst(rows, random.shuffle([...rows.keys()]), share);
}
