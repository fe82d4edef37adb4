import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { align, loadModel, loadPreferences, review } from "../src/index.js";
import { sharedPrograms } from "../src/cells/programs.js";
import { world } from "../src/data/world/shipped.js";
import type { EngineOptions } from "../src/engine/create-engine.js";
import { countStates } from "./count-states.js";

/*
 * Checks whether memory stays flat, in the engine and in the process, when a whole model and one with an adapter are
 * repeatedly loaded and freed, and when a run with adapters is reviewed. Exits with 1 if the engine holds more than at the
 * start, or if the process has grown by more than the model since the first rounds.
 *
 * usage: node --expose-gc dist/bench/memory.js [PROVIDER]
 */

const engine = { provider: (process.argv[2] ?? "cpu") as EngineOptions["provider"] & string };
const count = countStates(sharedPrograms(engine).engine);
const folder = mkdtempSync(join(tmpdir(), "sera-memory-"));
process.on("exit", () => rmSync(folder, { recursive: true }));
process.chdir(folder);

const { pairs } = await loadPreferences(world.train, { limit: 16 });
const fresh = await loadModel("small", { ...engine, pairs });
await fresh.save("model");
await fresh.free();
const lora = { ...engine, lora: { rank: 4 } };

/** The first rounds load libraries and fill caches. */
const warmUp = 10;

/** @returns whether it stayed flat */
async function measure(name: string, rounds: number, work: () => Promise<void>): Promise<boolean> {
  console.log(`${name}\n  rounds   states   engine MB   process MB`);
  const start = count();
  let warm = Infinity;
  let flat = true;
  for (let round = 1; round <= rounds; round++) {
    await work();
    if (round % 10 > 0) continue;
    const now = count();
    // Twice: what a finalizer releases in the first collection is collected in the second.
    for (let i = 0; i < 2; i++) {
      globalThis.gc?.();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const megabytes = process.memoryUsage.rss() / 1e6;
    if (round === warmUp) warm = megabytes;
    flat &&= now.states === start.states && now.bytes === start.bytes && megabytes < warm + modelMegabytes;
    const columns = [
      `${round}`.padStart(8),
      `${now.states}`.padStart(8),
      (now.bytes / 1e6).toFixed(1).padStart(11),
      megabytes.toFixed(0).padStart(12),
    ];
    console.log(columns.join(" "));
  }
  return flat;
}

const policy = await loadModel("model", engine);
const modelMegabytes = count().bytes / 1e6;
await policy.free();
console.log(`a model of ${modelMegabytes.toFixed(1)} MB`);

const loads = await measure("load and free", 50, async () => (await loadModel("model", engine)).free());
const adapters = await measure("load with LoRA and free", 50, async () => (await loadModel("model", lora)).free());
const start = await loadModel("model", lora);
const run = await align(start, pairs, { batchSize: 8 });
await start.free();
const reviews = await measure("review of a run with LoRA", 20, async () => void (await review(run, pairs)));

const flat = loads && adapters && reviews;
console.log(flat ? "flat" : "NOT flat");
process.exit(flat ? 0 : 1);
