import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { Graph, matmul, sum, tensor } from "../graph/index.js";
import { createEngine, type EngineOptions } from "./create-engine.js";
import type { Trial } from "./trial.js";

/*
 * Runs matrix products on an engine: `node try-engine.js '{"provider":"cuda"}'`. Runs as a separate process, because a device's
 * driver may terminate it. Reports a Trial to the parent.
 */

/** Sides of the matrices; larger ones would show what a device can do, but take many seconds on a slow one. */
const sides = [256, 1024];
const productsPerRun = 4;
/** A run longer than this is sufficient for a measurement, in milliseconds. */
const longRun = 50;

const engine = createEngine(JSON.parse(process.argv[2]!) as EngineOptions);

/** GFLOPS of matrix products. All entries are 1/side, so that the product equals its factors. */
async function rate(side: number): Promise<{ gflops: number; milliseconds: number }> {
  const x = new Graph().state("x", "float32", [side, side]);
  let y = matmul(x, x);
  for (let i = 1; i < productsPerRun; i++) y = matmul(y, x);
  const state = await engine.createState([["x", tensor(x.shape, new Float32Array(side * side).fill(1 / side))]]);
  const executable = await engine.prepare({ outputs: { total: sum(y) }, updates: new Map() });
  let milliseconds = Infinity;
  // The first run compiles.
  for (let run = 0; run < 3; run++) {
    const start = performance.now();
    const { total } = await executable.run({}, [state]);
    milliseconds = Math.min(milliseconds, performance.now() - start);
    const found = total!.data[0]!;
    if (Math.abs(found / side - 1) > 1e-4) throw new Error(`it computed ${side} as ${found}`);
  }
  return { gflops: (2 * productsPerRun * side ** 3) / milliseconds / 1e6, milliseconds };
}

/** Files of the Vulkan drivers that this process has loaded; available only on Linux. */
function drivers(): string[] {
  try {
    const files = readFileSync("/proc/self/maps", "utf8").match(/\/\S+\.so\S*/g) ?? [];
    return [...new Set(files.map((file) => basename(file)))].filter((name) =>
      /^lib(vk_|vulkan_|GLX_nvidia)/.test(name),
    );
  } catch {
    return [];
  }
}

const tell = (trial: Trial) => process.send!(trial, () => process.exit());
try {
  let gflops = 0;
  for (const side of sides) {
    const found = await rate(side);
    gflops = found.gflops;
    if (found.milliseconds > longRun) break;
  }
  tell({ gflops, drivers: drivers() });
} catch (error) {
  const { message, cause } = error as Error;
  tell({ reason: cause instanceof Error ? cause.message : message });
}
