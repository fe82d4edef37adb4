import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { EngineOptions } from "./create-engine.js";
import { failureIn } from "./onnx/providers.js";

/** The result of running a graph on an engine. */
export type Trial =
  | {
      /** Rate of matrix products, in 10⁹ floating-point operations per second. */
      readonly gflops: number;
      /** Files of the Vulkan drivers that were loaded, if the system reports them. */
      readonly drivers: readonly string[];
    }
  | {
      /** Why the engine does not run here, in one line. */
      readonly reason: string;
    };

/** Time limit for an engine to start and run, in seconds; the first start of a device compiles. */
const limit = 60;

/** Runs a graph on an engine, in a separate process, which a driver may terminate. */
export function tryEngine(options: EngineOptions): Promise<Trial> {
  const program = fileURLToPath(new URL("./try-engine.js", import.meta.url));
  const child = fork(program, [JSON.stringify(options)], {
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    execArgv: [],
    timeout: limit * 1000,
  });
  let stderr = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  let told: Trial | undefined;
  child.on("message", (message) => (told = message as Trial));
  return new Promise((resolve) => {
    const fail = (reason: string) => resolve({ reason: failureIn(reason) });
    child.on("error", (error) => fail(error.message));
    child.on("close", (code, signal) => {
      const lastWords = stderr.trim().split("\n").at(-1);
      const end =
        signal === "SIGTERM"
          ? `it had not run after ${limit} s`
          : `its process ended (${signal ?? `exit code ${code}`})`;
      if (told === undefined) fail(lastWords ? `${end}: ${lastWords}` : end);
      else if ("reason" in told) fail(told.reason);
      else resolve(told);
    });
  });
}
