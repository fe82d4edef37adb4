// Writes the logits that our engine computes from a checkpoint folder, for scripts/check_transformers.py to compare:
//   node scripts/write-logits.mjs FOLDER logits.json && python scripts/check_transformers.py FOLDER --logits logits.json
import { writeFileSync } from "node:fs";
import { Graph } from "../dist/src/graph/index.js";
import { OnnxEngine, ProgramCache } from "../dist/src/engine/index.js";
import { Random } from "../dist/src/index.js";
import { decodeSequences, head } from "../dist/src/model/architectures/decoder.js";
import { Policy } from "../dist/src/model/index.js";
import { stateWeights } from "../dist/src/model/parameters/network.js";

const [folder, file] = process.argv.slice(2);
if (!folder || !file) throw new Error("usage: node scripts/write-logits.mjs FOLDER FILE");
const engine = new OnnxEngine();
const policy = await Policy.load(new ProgramCache(engine), folder);
const random = Random.seeded(1);
const rows = 3;
const length = Math.min(24, policy.config.contextLength);
const ids = Int32Array.from({ length: rows * length }, () => random.integer(policy.tokenizer.vocabSize));

const graph = new Graph();
const network = stateWeights(graph, policy.config);
const hidden = decodeSequences(policy.config, network, graph.input("tokens", "int32", [rows, length]));
const executable = await engine.prepare({
  outputs: { logits: head(policy.config, network, hidden) },
  updates: new Map(),
});
const { logits } = await executable.run({ tokens: ids }, policy.states);

const split = (data, size) =>
  Array.from({ length: data.length / size }, (_, i) => [...data.subarray(i * size, (i + 1) * size)]);
const inputIds = split(ids, length);
const perToken = split(logits.data, policy.config.vocabSize);
writeFileSync(
  file,
  JSON.stringify({ inputIds, logits: inputIds.map((_, i) => perToken.slice(i * length, (i + 1) * length)) }),
);
await engine.close();
