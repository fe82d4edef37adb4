import { ChildProcess, type StdioOptions } from "node:child_process";
import type { Readable } from "node:stream";
import { cells } from "./cell.js";
import { speakingCell, write } from "./output.js";
import type { Watchdog } from "./watchdog.js";

interface SpawnOptions {
  stdio?: StdioOptions;
  [option: string]: unknown;
}

/** Node's internal process start, behind `spawn`, `exec`, `execFile` and `fork`; missing from its types. */
interface Spawning {
  spawn(this: ChildProcess, options: SpawnOptions): number;
}

/**
 * Assigns child processes to the cell that starts them: their output to inherited stdout and stderr goes to the cell,
 * even if it comes late, and the watchdog knows which cell they belong to.
 */
export function adoptChildren(watchdog: Pick<Watchdog, "note">): void {
  const prototype = ChildProcess.prototype as unknown as Spawning;
  const { spawn } = prototype;
  prototype.spawn = function (options) {
    const { stdio, inherited } = withoutInheriting(options.stdio);
    const cell = speakingCell();
    const result = spawn.call(this, { ...options, ...(stdio !== undefined && { stdio }) });
    for (const [name, index] of inherited)
      forward(this.stdio?.[index] as Readable | null, (text) => write(cell, name, text));
    const { pid } = this;
    const owner = cells.getStore();
    if (pid !== undefined && owner) {
      watchdog.note({ pid, cell: owner.number });
      this.once("exit", () => watchdog.note({ pid, cell: undefined }));
    }
    return result;
  };
}

function forward(stream: Readable | null | undefined, take: (text: string) => void): void {
  stream?.setEncoding("utf8").on("data", take);
}

const streams = { stdout: 1, stderr: 2 } as const;
type Inherited = [name: "stdout" | "stderr", index: number][];

/** Replaces streams that would be inherited from this process by pipes. */
function withoutInheriting(stdio: StdioOptions | undefined): {
  readonly stdio: StdioOptions | undefined;
  readonly inherited: Inherited;
} {
  const inherited: Inherited = [];
  if (stdio === undefined || stdio === null) return { stdio, inherited };
  const list = typeof stdio === "string" ? [stdio, stdio, stdio] : [...stdio];
  for (const [name, index] of Object.entries(streams) as Inherited) {
    // An entry may also be a descriptor number or stream of this process, as in `2>&1`.
    const target = list[index];
    const isOwn =
      target === "inherit" || target === 1 || target === 2 || target === process.stdout || target === process.stderr;
    if (!isOwn) continue;
    const to =
      target === 1 || target === process.stdout
        ? "stdout"
        : target === 2 || target === process.stderr
          ? "stderr"
          : name;
    list[index] = "pipe";
    inherited.push([to, index]);
  }
  return { stdio: list as StdioOptions, inherited };
}
