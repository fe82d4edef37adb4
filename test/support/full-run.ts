import { Random } from "../../src/base/random.js";
import type { ProgramCache } from "../../src/engine/program-cache.js";
import { initialLora } from "../../src/model/parameters/lora/lora.js";
import type { RunInput } from "../../src/run/input.js";
import type { Method } from "../../src/run/method.js";
import { randomPairs, tinyConfig } from "./tiny-model.js";
import { textJudge, tinyInput, tinySera } from "./tiny-run.js";

/** SeRA of two iterations with every option that a run can have at once; takes seconds. */
export function fullSera(): Method {
  return tinySera({
    ...{
      rounds: 2,
      loss: "rdpo",
      labelSmoothing: 0.1,
      nll: 0.1,
      schedule: "cosine",
      warmup: 0.2,
      weightDecay: 0.01,
      maxGradNorm: 0.5,
    },
    ...{
      microBatchSize: 2,
      recompute: true,
      evaluateEvery: 1,
      keepBestBy: "eval_loss",
      patience: 4,
      referenceEvery: 2,
      referenceEma: 0.5,
    },
    ...{
      temperature: 0.9,
      topK: 20,
      topP: 0.95,
      minP: 0.01,
      repetitionPenalty: 1.1,
      samplingBatchSize: 3,
      responses: 3,
    },
    ...{
      selectBy: "top",
      perPrompt: 2,
      labelBy: "judge",
      pairBy: "all",
      sftEpochs: 1,
      sftBatchSize: 2,
      sftLearningRate: 1e-2,
    },
  });
}

/** The input of such a run: a model with an adapter, pairs, held-out and validation pairs, demonstrations, a judge. */
export async function fullInput(programs: ProgramCache): Promise<RunInput> {
  const input = await tinyInput(programs);
  const adapter = { rank: 2, alpha: 4, targets: ["q_proj", "down_proj"], dropout: 0.1 };
  const start = await input.start.withAdapter(adapter, initialLora(tinyConfig, adapter, Random.seeded(5)));
  return {
    ...input,
    start,
    heldOut: { pairs: randomPairs(3, Random.seeded(6)) },
    validation: randomPairs(3, Random.seeded(7)),
    demonstrations: randomPairs(4, Random.seeded(8)).map(({ id, prompt, chosen }) => ({
      id,
      prompt,
      response: chosen,
    })),
    judge: textJudge("length", (response) => response.length),
  };
}
