import assert from "node:assert/strict";
import { test } from "node:test";
import {
  goldJudge,
  instructionPairs,
  klFrom,
  llmEditor,
  llmJudge,
  loadDemonstrations,
  loadModel,
  loadPreferences,
  loadPrompts,
  loadResponses,
  meanGrade,
  mlflow,
  plot,
  showPairs,
  showResponses,
  showTable,
  splitPairs,
  Random,
  wandb,
  winRate,
  world,
} from "../../src/index.js";
import { fileOf, jsonLines } from "../data/files.js";

const file = fileOf("pairs.jsonl", jsonLines({ prompt: "a", chosen: "b", rejected: "c" }));
/** What a cell without types may pass. */
const untyped = (options: unknown) => options as never;

const takers: Readonly<Record<string, (options: never) => unknown>> = {
  loadPreferences: (options) => loadPreferences(file, options),
  loadDemonstrations: (options) => loadDemonstrations(file, options),
  loadPrompts: (options) => loadPrompts(file, options),
  winRate: (options) => winRate(goldJudge(), [], options),
  meanGrade: (options) => meanGrade(goldJudge(), [], options),
  klFrom: (options) => klFrom(untyped({}), [], options),
  instructionPairs: (options) => instructionPairs(untyped({}), [], options),
  loadModel: (options) => loadModel(world.sft, options),
  llmJudge: (options) => llmJudge("openai:gpt-4.1-mini", options),
  llmEditor: (options) => llmEditor("openai:gpt-4.1-mini", options),
  mlflow: (options) => mlflow(options),
  wandb: (options) => wandb(options),
  showTable: (options) => showTable([{ a: 1 }], options),
  showPairs: (options) => showPairs([], options),
  showResponses: (options) => showResponses([], options),
  "plot.sweep": (options) => plot.sweep([{ series: "a", x: 1, mean: 1, low: 0, high: 2 }], options),
};

for (const [name, take] of Object.entries(takers)) {
  test(`${name} refuses an unknown option, and options that are not an object`, async () => {
    const call = async (options: unknown) => take(untyped(options));
    await assert.rejects(call({ limt: 1 }), {
      name: "InputError",
      message: new RegExp(`^\`limt\` is not an option of ${name}; (did you mean|its options are) `),
    });
    await assert.rejects(call("limit"), { message: new RegExp(`^the options of ${name}: found "limit", expected an`) });
  });
}

test("loaders refuse options of the wrong type and quote what was found", async () => {
  for (const load of [loadPreferences, loadDemonstrations, loadPrompts]) {
    await assert.rejects(load(file, untyped({ skipBadRows: "no" })), {
      message: 'skipBadRows: found "no", expected true or false',
    });
    await assert.rejects(load(file, untyped({ limit: "1" })), {
      message: 'limit: found "1", expected a whole number of at least 1',
    });
  }
  assert.throws(() => splitPairs([], untyped("0.2"), Random.seeded(0)), {
    message: 'share: found "0.2", expected a number from 0 to 1',
  });
  await assert.rejects(loadResponses(file, untyped({ limit: 1 })), {
    message: /^loadResponses: found \{"limit":1\}, /,
  });
});

test("nested options are checked as well", async () => {
  await assert.rejects(loadModel(world.sft, { lora: untyped({ rank: 2, alphas: 4 }) }), {
    message: "`alphas` is not an option of lora; did you mean `alpha`?",
  });
  await assert.rejects(llmJudge("openai:gpt-4.1-mini", { prompts: untyped({ pairwize: "a" }) }), {
    message: "`pairwize` is not an option of llmJudge.prompts; did you mean `pairwise`?",
  });
});
