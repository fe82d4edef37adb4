import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("./run-process.js", import.meta.url));

/** A process that does a run, see `run-process.ts`. */
export interface StartedRun {
  readonly child: ChildProcess;
  /** When it has loaded what it needs and the run itself begins, or when it is over. */
  readonly begun: Promise<unknown>;
  /** Its last line, when it is over: `ended`, `refused: …`, or that it was killed. */
  readonly ended: Promise<string>;
}

/** Starts a run in a folder, or goes on with it. */
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
