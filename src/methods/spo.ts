import { isPairObjective } from "../align/pair-objective.js";
import { spo as objective } from "../align/spo.js";
import { InputError } from "../base/errors.js";
import { degradedResponses } from "../run/degraded-responses.js";
import { recipeForms, type MethodOptions, type SpoOptions } from "../run/options/index.js";
import { recipeOf, type Recipe } from "./recipe.js";

/** All options of a run. */
type Complete = MethodOptions & Omit<SpoOptions, "rounds">;

/**
 * SPO, preference degree awareness: a direct alignment algorithm with a head that classifies how much of its key
 * content a response still has, none, half or all; see {@link objective} (Li et al. 2024, arXiv 2409.17791). The head
 * is the run's `head()`, and its accuracy on held-out or validation pairs is the metric `eval_degree/accuracy` of
 * `evaluateEvery`.
 *
 * @throws InputError (in training) if the loss is an objective itself or weights tokens, or no response has key content
 */
export const spo: (own?: Partial<SpoOptions>) => Recipe = recipeOf({
  form: recipeForms.spo,
  name: "spo",
  version: "1",
  complete: ({ rounds, ...options }: SpoOptions): Complete => ({
    ...options,
    iterations: 1,
    reference: "start",
    epochs: rounds,
  }),
  columns: ({ keyContent, degrade }) => degradedResponses({ keyContent, degrade }),
  objective(loss, { degreeWeight: lambda }) {
    if (isPairObjective(loss))
      throw new InputError(
        `spo: the loss ${loss.name} is an objective with sequences of its own; choose a loss of whole responses`,
      );
    return objective(loss, { lambda });
  },
  trainsOn: () => ["data"],
  async run(stages) {
    const pairs = await stages.offlinePairs();
    await stages.align(1, pairs, { pairsSelected: pairs.length, pairsBootstrapped: 0, bootstrap: null });
  },
});
