// Measures how much memory it takes to load a checkpoint of about 1 GB in bfloat16, to read it tensor by tensor, and to save it:
//   npm run build && node scripts/checkpoint-memory.mjs
// Each runs in its own process, whose peak resident memory is compared with the parameters' size in float32.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Random } from "../dist/src/base/random.js";
import { sizeOf, tensor } from "../dist/src/graph/tensor.js";
import { loadCheckpoint, openCheckpoint, saveCheckpoint } from "../dist/src/model/checkpoint/checkpoint.js";
import { parameterCount, parameterShapes } from "../dist/src/model/parameters/parameters.js";

const tiny = fileURLToPath(new URL("../test/fixtures/checkpoints/tiny", import.meta.url));

/** A checkpoint whose weights are all views of one array of random numbers, so that creating it takes no memory. */
async function make(folder) {
  const { config: small, tokenizer } = await loadCheckpoint(tiny);
  const config = {
    ...small,
    hiddenSize: 2048,
    intermediateSize: 5632,
    layers: 10,
    heads: 32,
    kvHeads: 32,
    headSize: 64,
  };
  const shapes = [...parameterShapes(config)];
  const random = Random.seeded(1);
  const numbers = Float32Array.from(
    { length: Math.max(...shapes.map(([, shape]) => sizeOf(shape))) },
    () => random.uniform() - 0.5,
  );
  const parameters = new Map(shapes.map(([name, shape]) => [name, tensor(shape, numbers.subarray(0, sizeOf(shape)))]));
  await saveCheckpoint(folder, { config, parameters, tokenizer }, { dtype: "bfloat16", maxShardBytes: 3e8 });
}

async function readOneByOne(folder) {
  const { config, weights } = await openCheckpoint(folder);
  let largest = 0;
  for (const name of weights.tensors.keys()) largest = Math.max(largest, (await weights.read(name)).data.byteLength);
  await weights.close();
  return { config, held: largest };
}

async function load(folder) {
  const checkpoint = await loadCheckpoint(folder);
  return { config: checkpoint.config, held: bytesOf(checkpoint.config), checkpoint };
}

const bytesOf = (config) => 4 * parameterCount(config);

const works = {
  "read one by one": readOneByOne,
  load,
  "load and save in bfloat16": async (folder) => {
    const loaded = await load(folder);
    await saveCheckpoint(`${folder}-saved`, loaded.checkpoint, { dtype: "bfloat16" });
    return loaded;
  },
};

const [work, folder] = process.argv.slice(2);
if (work) {
  const before = process.memoryUsage().rss;
  const start = performance.now();
  const { held, config } = await works[work](folder);
  const seconds = (performance.now() - start) / 1000;
  const megabytes = (bytes) => `${Math.round(bytes / 1e6)} MB`;
  const beside = process.resourceUsage().maxRSS * 1024 - before - held;
  console.log(
    `${work}: ${seconds.toFixed(1)} s; parameters ${megabytes(bytesOf(config))} in float32, held at once ${megabytes(held)}, peak beside those ${megabytes(beside)}`,
  );
} else {
  const parent = mkdtempSync(join(tmpdir(), "sera-memory-"));
  try {
    await make(join(parent, "model"));
    for (const name of Object.keys(works)) {
      spawnSync(process.execPath, [fileURLToPath(import.meta.url), name, join(parent, "model")], { stdio: "inherit" });
    }
  } finally {
    rmSync(parent, { recursive: true });
  }
}
