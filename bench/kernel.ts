import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { findSnapshot } from "../src/kernel/snapshot/snapshot.js";
import { startKernel, type Kernel } from "../test/support/jupyter-client.js";
import { runForJson } from "./child.js";
import { median } from "./samples.js";

/** Times of a kernel, in seconds. */
interface KernelTimes {
  /** From its start to the first result. */
  readonly start: number;
  /** Of a trivial cell: the median of many. */
  readonly cell: number;
}

const turns = 1e8;
const cells = 50;
/** How often each kernel is started, alternating with the other. */
const rounds = 5;
/** Number of cells that redeclare the same array, and its size in bytes. */
const redefinitions = 1000;
const size = 8e6;

async function withKernel<Found>(work: (kernel: Kernel, began: number) => Promise<Found>): Promise<Found> {
  const folder = mkdtempSync(join(tmpdir(), "sera-bench-"));
  const began = performance.now();
  const kernel = await startKernel({ cwd: folder });
  try {
    return await work(kernel, began);
  } finally {
    await kernel.stop();
    rmSync(folder, { recursive: true });
  }
}

function measureKernel(): Promise<KernelTimes> {
  return withKernel(async (kernel, began) => {
    await kernel.execute("1 + 1");
    const start = (performance.now() - began) / 1000;
    const each: number[] = [];
    for (let i = 0; i < cells; i++) {
      const before = performance.now();
      await kernel.execute(`${i} + 1`);
      each.push((performance.now() - before) / 1000);
    }
    return { start, cell: median(each) };
  });
}

/** The loop as a cell and as a Node script, in which a function captures the variable, as is the case in cells. */
const loop = `let sum = 0; let began = performance.now(); for (let i = 0; i < ${turns}; i++) sum += i; (performance.now() - began) / 1000`;
const script = `let sum = 0; globalThis.read = () => sum; ${loop.replace("let sum = 0; ", "").replace(/; \((.*)$/, "; console.log(JSON.stringify(($1))")}`;

function measureLoop(): Promise<number> {
  return withKernel(async (kernel) => Number((await kernel.execute(loop)).result.data["text/plain"]));
}

/** Megabytes that a session holds after many cells that redeclare the same array, and before them. */
function measureMemory(): Promise<{ readonly before: number; readonly after: number }> {
  return withKernel(async (kernel) => {
    const held = async () =>
      Number(
        (await kernel.execute("(process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed) / 1e6")).result
          .data["text/plain"],
      );
    const before = await held();
    for (let i = 0; i < redefinitions; i++)
      await kernel.execute(`const large = new Float64Array(${size / 8}).fill(${i});`);
    return { before, after: await held() };
  });
}

/** Jupyter's own client, which starts the kernel given by its arguments. */
const client = `
import json, sys, time
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager
began = time.perf_counter()
manager = KernelManager()
manager._kernel_spec = KernelSpec(argv=sys.argv[1:])
manager.start_kernel()
client = manager.client()
client.start_channels()
client.wait_for_ready(timeout=60)
def seconds(code):
    before = time.perf_counter()
    client.execute_interactive(code, output_hook=lambda message: None)
    return time.perf_counter() - before
seconds("1 + 1")
start = time.perf_counter() - began
each = sorted(seconds(f"{i} + 1") for i in range(${cells}))
client.stop_channels(); manager.shutdown_kernel(now=True)
print(json.dumps({"start": start, "cell": each[${cells / 2}]}))
`;
const sera = [process.execPath, resolve("dist/src/kernel/main.js"), "{connection_file}"];
const ipykernel = (python: string) => [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"];

async function measureWithJupyter(python: string, argv: readonly string[]): Promise<KernelTimes> {
  return (await runForJson(python, ["-c", client, ...argv])) as KernelTimes;
}

/** A table of this kernel's times, Node's, and, given a Python that has it, ipykernel's: medians of several rounds. */
export async function kernelTable(python: string | undefined): Promise<string> {
  const isFirst = findSnapshot() === undefined;
  const measure = () => (python === undefined ? measureKernel() : measureWithJupyter(python, sera));
  const first = await measure();
  while (findSnapshot() === undefined) await wait(200);
  const ours: KernelTimes[] = [];
  const theirs: KernelTimes[] = [];
  const loops: number[] = [];
  const inNode: number[] = [];
  for (let i = 0; i < rounds; i++) {
    ours.push(await measure());
    if (python !== undefined) theirs.push(await measureWithJupyter(python, ipykernel(python)));
    loops.push(await measureLoop());
    inNode.push((await runForJson(process.execPath, ["-e", script])) as number);
  }
  const memory = await measureMemory();
  const row = (what: string, mine: readonly number[], other: readonly number[], beside: string) => {
    const milliseconds = (values: readonly number[]) => `${(1000 * median(values)).toFixed(1)} ms`;
    const [their, ratio] =
      other.length === 0 ? ["not found", "–"] : [milliseconds(other), (median(mine) / median(other)).toFixed(1)];
    return `| ${what} | ${milliseconds(mine)} | ${their} (${beside}) | ${ratio} |`;
  };
  const starts = theirs.map(({ start }) => start);
  return [
    "| what | this kernel | beside | ratio |",
    "| --- | --- | --- | --- |",
    ...(isFirst ? [row("the first start ever, to the first result", [first.start], starts, "ipykernel")] : []),
    row(
      "start to first result",
      ours.map(({ start }) => start),
      starts,
      "ipykernel",
    ),
    row(
      "a trivial cell",
      ours.map(({ cell }) => cell),
      theirs.map(({ cell }) => cell),
      "ipykernel",
    ),
    row("10⁸ turns over a top-level variable", loops, inNode, "Node"),
    "",
    `${redefinitions} cells that declare the same ${size / 1e6} MB anew: ${memory.before.toFixed(0)} MB held before, ${memory.after.toFixed(0)} MB after.`,
  ].join("\n");
}
