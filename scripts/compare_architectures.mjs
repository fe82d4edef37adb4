// Our side of scripts/compare_architectures.py, which calls this script: takes one step of DPO from FOLDER/policy against
// FOLDER/reference on the pairs of FOLDER/task.json, and writes FOLDER/tuned (the checkpoint after the step),
// FOLDER/gradients.safetensors and FOLDER/record.json.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { feedsOf } from "../dist/src/align/micro-batches.js";
import { accumulateProgram, gradientName } from "../dist/src/align/training-program.js";
import { sizeOf, tensor } from "../dist/src/graph/index.js";
import { OnnxEngine, ProgramCache } from "../dist/src/engine/index.js";
import { losses, Random } from "../dist/src/index.js";
import { Policy, responseLogProbs } from "../dist/src/model/index.js";
import { preference, Trainer } from "../dist/src/run/index.js";
import { exactShape, rowsOf } from "../dist/src/model/scoring/batch.js";
import { parameterShapes } from "../dist/src/model/parameters/parameters.js";
import { writeSafetensors } from "../dist/src/model/checkpoint/safetensors/safetensors.js";

const [folder] = process.argv.slice(2);
if (!folder) throw new Error("usage: node scripts/compare_architectures.mjs FOLDER");
const task = JSON.parse(readFileSync(join(folder, "task.json"), "utf8"));
const engine = new OnnxEngine();
const programs = new ProgramCache(engine);

const sequences = task.pairs.map(({ prompt, chosen, rejected }) => {
  const answered = (response) => ({ prompt: Int32Array.from(prompt), response: Int32Array.from(response) });
  return { chosen: answered(chosen), rejected: answered(rejected) };
});
const reference = await Policy.load(programs, join(folder, "reference"));
const referenceOf = (side) =>
  responseLogProbs(
    reference,
    sequences.map((pair) => pair[side]),
  );
const [referenceChosen, referenceRejected] = [await referenceOf("chosen"), await referenceOf("rejected")];
const pairs = sequences.map((pair, i) => ({
  ...pair,
  referenceChosen: referenceChosen[i],
  referenceRejected: referenceRejected[i],
}));

const policy = await Policy.load(programs, join(folder, "policy"));
const objective = preference(losses.dpo({ beta: task.beta }));

// The gradients of training before clipping, as one micro-batch leaves them in the state.
const rows = pairs.flatMap((pair) => rowsOf(objective.sequences(pair), true));
const shape = exactShape(rows);
const names = [...parameterShapes(policy.config)];
const gradients = await engine.createState(
  names.map(([name, of]) => [gradientName(name), tensor(of, new Float32Array(sizeOf(of)))]),
);
const executable = await engine.prepare(
  accumulateProgram({ config: policy.config, objective, shape, slots: pairs.length }),
);
const feeds = feedsOf(objective, { examples: pairs, shape }, { step: pairs, columns: [] }, policy.tokenizer.padId);
await executable.run({ ...feeds, keep: Float32Array.of(0) }, [...policy.states, gradients]);
const found = await gradients.read();
await writeSafetensors(
  join(folder, "gradients.safetensors"),
  names.map(([name]) => [name, found.get(gradientName(name))]),
);

const { learningRate, adamW } = task;
const options = { batchSize: pairs.length, epochs: 1, learningRate, schedule: "constant", adamW };
const training = await Trainer.begin(policy, objective, pairs, options, Random.seeded(1));
for await (const record of training.steps()) writeFileSync(join(folder, "record.json"), JSON.stringify(record));
await policy.save(join(folder, "tuned"));
await engine.close();
