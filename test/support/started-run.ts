import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("./run-process.js", import.meta.url));

/** A process that does a run, see `run-process.ts`. */
export interface StartedRun {
  readonly child: ChildProcess;
  /** Resolves when the modules are loaded and the run itself begins, or when the process ends. */
  readonly begun: Promise<unknown>;
  /** Resolves at the end with the last line: `ended`, `refused: …`, or that it was killed. */
  readonly ended: Promise<string>;
}

/** Starts or resumes a run in a folder. */
export function startRun(folder: string, ...kind: readonly "full"[]): StartedRun {
  const child = spawn(process.execPath, [program, folder, ...kind], { stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  let problems = "";
  child.stdout!.on("data", (chunk: Buffer) => (text += chunk.toString()));
  child.stderr!.on("data", (chunk: Buffer) => (problems = `${problems}${chunk}`.slice(-2000)));
  const begun = Promise.race([once(child.stdout!, "data"), once(child, "close")]);
  const ended = once(child, "close").then(([code, signal]: unknown[]) => {
    const last = text.trim().split("\n").at(-1)!;
    return last === "begun" || last === "" ? `killed: ${String(signal ?? code)} ${problems}` : last;
  });
  return { child, begun, ended };
}
