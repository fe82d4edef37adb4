import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TopLevelSpec } from "vega-lite";
import { loadPreferences } from "../../src/data/load-preferences.js";
import { tokenizePairs } from "../../src/data/tokenize.js";
import { displaySymbol } from "../../src/base/mime.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import { loadTokenizer } from "../../src/model/tokenizer/load-tokenizer.js";
import { showTable } from "../../src/notebook/table/show-table.js";
import { renderSvg } from "../../src/plot/render-svg.js";
import { openRun } from "../../src/run/open-run.js";
import { fullInput, fullSera } from "../support/full-run.js";

/** Memory of this process at one moment. */
interface Sample {
  readonly minutes: number;
  /** Number of finished runs. */
  readonly runs: number;
  /** Resident memory in MB. */
  readonly resident: number;
  /** JavaScript's heap and buffers in MB. */
  readonly heap: number;
}

/** Number of samples of a soak of any length. */
const samples = 240;

/**
 * Does for hours in one process what a notebook does in a day: reads and tokenizes data, shows tables, trains runs with
 * every option and draws plots. Updates a table and a plot of its memory at each measurement, so that a soak that is stopped
 * keeps its samples.
 *
 * @param out path of the plot (`.svg`); the table is next to it (`.csv`)
 */
export async function soak(hours: number, out: string): Promise<readonly Sample[]> {
  const engine = new OnnxEngine({ threads: 1 });
  const programs = new ProgramCache(engine);
  const tokenizer = await loadTokenizer("data/world/tokenizer");
  const taken: Sample[] = [];
  const begin = performance.now();
  const minutes = () => (performance.now() - begin) / 60_000;
  for (let runs = 0; minutes() < 60 * hours; runs++) {
    const folder = mkdtempSync(join(tmpdir(), "sera-soak-"));
    const { pairs } = await loadPreferences("data/world/train.jsonl", { limit: 200 });
    const tokenized = tokenizePairs(pairs, tokenizer, { contextLength: 96 });
    showTable(tokenized.pairs.map(({ id, prompt }) => ({ id, tokens: prompt.length })))[displaySymbol]();
    const input = await fullInput(programs);
    await openRun(fullSera(), input, { folder });
    await input.start.free();
    rmSync(folder, { recursive: true, force: true });
    if (minutes() >= (taken.length * 60 * hours) / samples) {
      global.gc?.();
      const { rss, heapUsed, external } = process.memoryUsage();
      taken.push({ minutes: minutes(), runs: runs + 1, resident: rss / 1e6, heap: (heapUsed + external) / 1e6 });
      await writeSoak(taken, out);
    }
  }
  await engine.close();
  return taken;
}

async function writeSoak(taken: readonly Sample[], out: string): Promise<void> {
  mkdirSync(dirname(out), { recursive: true });
  const lines = taken.map(
    ({ minutes, runs, resident, heap }) => `${minutes.toFixed(2)},${runs},${resident.toFixed(1)},${heap.toFixed(1)}`,
  );
  writeFileSync(
    out.replace(/\.svg$/, ".csv"),
    `minutes,runs,resident (MB),heap and buffers (MB)\n${lines.join("\n")}\n`,
  );
  const values = taken.flatMap(({ minutes, resident, heap }) => [
    { minutes, what: "resident", MB: resident },
    { minutes, what: "heap and buffers", MB: heap },
  ]);
  const spec: TopLevelSpec = {
    width: 520,
    height: 220,
    title: `Memory of one process over ${taken.at(-1)?.runs ?? 0} runs`,
    data: { values },
    mark: "line",
    encoding: {
      x: { field: "minutes", type: "quantitative", title: "minutes" },
      y: { field: "MB", type: "quantitative", title: "MB" },
      color: { field: "what", type: "nominal", title: null },
    },
  };
  writeFileSync(out, await renderSvg(spec));
}

/** Growth of the resident memory in MB per run, by least squares over the second half, after the caches are full. */
export function growthPerRun(taken: readonly Sample[]): number {
  const half = taken.slice(Math.floor(taken.length / 2));
  const mean = (of: (sample: Sample) => number) => half.reduce((sum, sample) => sum + of(sample), 0) / half.length;
  const [runs, resident] = [mean((sample) => sample.runs), mean((sample) => sample.resident)];
  const covariance = mean((sample) => (sample.runs - runs) * (sample.resident - resident));
  return covariance / mean((sample) => (sample.runs - runs) ** 2);
}
