import { loadPreferences } from "../src/data/load-preferences.js";
import { tokenizePairs } from "../src/data/tokenize.js";
import { OnnxEngine } from "../src/engine/onnx/engine.js";
import { ProgramCache } from "../src/engine/program-cache.js";
import { tableOf } from "../src/cells/table-of.js";
import { Policy } from "../src/model/policy/policy.js";
import { savePolicy } from "../src/model/policy/policy-files.js";
import { peakBytes, timed } from "./spent.js";

/*
 * Our side of bench/data.ts. Saves the tokenizer for Python's side, bench/python/bench_data.py.
 *
 * usage: node dist/bench/data-measure.js MODEL PAIRS FOLDER
 */

const [model, file, folder] = process.argv.slice(2) as [string, string, string];
const engine = new OnnxEngine();
const policy = await Policy.load(new ProgramCache(engine), model);
await savePolicy(policy, folder);
const { tokenizer } = policy;
await policy.free();
await engine.close();

const load = await timed(() => loadPreferences(file));
const tokenize = await timed(() => tokenizePairs(load.result.pairs, tokenizer, { contextLength: 1 << 20 }).pairs);
const table = await timed(() =>
  tableOf(
    tokenize.result.map(({ id, prompt, chosen, rejected }) => ({
      id,
      prompt: prompt.length,
      chosen: chosen.length,
      rejected: rejected.length,
    })),
  ),
);
const columns = ["prompt", "chosen", "rejected"] as const;
const tokens = columns.reduce(
  (sum, name) => sum + Array.from(table.result.array(name), Number).reduce((total, length) => total + length, 0),
  0,
);
console.log(
  JSON.stringify({
    load: load.spent,
    tokenize: tokenize.spent,
    table: table.spent,
    tokens,
    peakBytes: peakBytes(),
  }),
);
