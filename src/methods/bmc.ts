import { countedOf } from "../base/counted.js";
import { reported } from "../base/task.js";
import { bridge, type Editor } from "../data/bridge.js";
import { worldEditor } from "../data/world/editor.js";
import { recipeForms, type BmcRecipeOptions, type MethodOptions } from "../run/options/index.js";
import { tokenDifference } from "../run/token-difference.js";
import { recipeOf, type Recipe } from "./recipe.js";

/** All options of a run. */
type Complete = MethodOptions & Omit<BmcRecipeOptions, "rounds">;

/**
 * BMC: a direct alignment algorithm on bridged pairs (see {@link bridge}), whose loss weights the tokens in which the
 * responses of a pair differ (see {@link tokenDifference}): "dpo-bmc", "ipo-bmc" or "orpo-bmc" (Jiang et al. 2024,
 * arXiv 2408.07471). Without `bridge` it is the paper's correlation modelling alone (DPO-MC); with a loss without token
 * weights, such as `{ bridge: "world", loss: "dpo" }`, bridging alone (DPO-BC). Held-out and validation pairs are not
 * bridged.
 */
export const bmc: (own?: Partial<BmcRecipeOptions>) => Recipe = recipeOf({
  form: recipeForms.bmc,
  name: "bmc",
  version: "1",
  complete: ({ rounds, ...options }: BmcRecipeOptions): Complete => ({
    ...options,
    iterations: 1,
    reference: "start",
    epochs: rounds,
  }),
  columns: ({ stopWords }) => tokenDifference({ stopWords }),
  async rewrite(texts, { bridge: chosen, editWay: way, editBlind = false }, controls) {
    if (chosen === "none") return texts;
    const editor: Editor = chosen === "world" ? worldEditor() : chosen;
    const { pairs, edited, unneeded, unusable } = await reported(
      `bridge by ${editor.name}`,
      "pairs",
      controls,
      (task) => bridge(texts.pairs, editor, { way, seesOther: !editBlind }, task),
    );
    controls.reporter?.note?.(
      `${editor.name}: ${countedOf(edited, pairs.length, "pair")} edited, ${unneeded} without need, ${unusable} without use`,
    );
    return { ...texts, pairs };
  },
  trainsOn: () => ["data"],
  async run(stages) {
    const pairs = await stages.offlinePairs();
    await stages.align(1, pairs, { pairsSelected: pairs.length, pairsBootstrapped: 0, bootstrap: null });
  },
});
