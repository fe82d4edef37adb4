import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runForJson } from "./child.js";
import { startKernel } from "../test/support/jupyter-client.js";

/** Seconds that a kernel takes. */
export interface KernelTimes {
  /** From its start to the first result. */
  readonly start: number;
  /** A trivial cell, the median of many. */
  readonly cell: number;
  /** A loop of 10⁸ turns over a top-level variable. */
  readonly loop: number;
}

const turns = 1e8;
const cells = 50;

/** Measures this kernel. */
export async function measureKernel(): Promise<KernelTimes> {
  const folder = mkdtempSync(join(tmpdir(), "sera-bench-"));
  const began = performance.now();
  const kernel = await startKernel({ cwd: folder });
  try {
    const seconds = async (code: string) => {
      const before = performance.now();
      await kernel.execute(code);
      return (performance.now() - before) / 1000;
    };
    await seconds("1 + 1");
    const start = (performance.now() - began) / 1000;
    const each: number[] = [];
    for (let i = 0; i < cells; i++) each.push(await seconds(`${i} + 1`));
    const loop = await seconds(`let sum = 0; for (let i = 0; i < ${turns}; i++) sum += i; sum`);
    return { start, cell: each.sort((a, b) => a - b)[cells / 2]!, loop };
  } finally {
    await kernel.stop();
    rmSync(folder, { recursive: true });
  }
}

const ipykernel = `
import json, time
from jupyter_client.manager import start_new_kernel
began = time.perf_counter()
manager, client = start_new_kernel(kernel_name="python3")
def seconds(code):
    before = time.perf_counter()
    client.execute_interactive(code, output_hook=lambda message: None)
    return time.perf_counter() - before
seconds("1 + 1")
start = time.perf_counter() - began
each = sorted(seconds(f"{i} + 1") for i in range(${cells}))
client.stop_channels(); manager.shutdown_kernel(now=True)
print(json.dumps({"start": start, "cell": each[${cells / 2}], "loop": None}))
`;

/** The same loop as a script of Node's, its variable seen by a function as a cell's is. */
const script = `let sum = 0; globalThis.read = () => sum; const began = performance.now(); for (let i = 0; i < ${turns}; i++) sum += i;
console.log(JSON.stringify((performance.now() - began) / 1000));`;

/** A table of this kernel's times beside ipykernel's, where a Python with it is given, and Node's. */
export async function kernelTable(python: string | undefined): Promise<string> {
  const ours = await measureKernel();
  const theirs = python === undefined ? undefined : ((await runForJson(python, ["-c", ipykernel])) as KernelTimes);
  const node = (await runForJson(process.execPath, ["-e", script])) as number;
  const row = (what: string, mine: number, other: number | undefined, beside: string) => {
    const milliseconds = (value: number) => `${(1000 * value).toFixed(1)} ms`;
    return `| ${what} | ${milliseconds(mine)} | ${other === undefined ? "not found" : milliseconds(other)} (${beside}) | ${other === undefined ? "–" : (mine / other).toFixed(1)} |`;
  };
  return [
    "| what | this kernel | beside | ratio |",
    "| --- | --- | --- | --- |",
    row("start to first result", ours.start, theirs?.start, "ipykernel"),
    row("a trivial cell", ours.cell, theirs?.cell, "ipykernel"),
    row("10⁸ turns over a top-level variable", ours.loop, node, "Node"),
  ].join("\n");
}
