/*
 * A process that does the tiny run in a folder, or with `full` the one with every option: `node run-process.js FOLDER
 * [full]`. It prints a line when it begins, and one when it ends, with the error if there is one. The tests kill it, or
 * start it twice.
 */
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import { openRun } from "../../src/run/open-run.js";
import { fullInput, fullSera } from "./full-run.js";
import { tinyInput, tinySera } from "./tiny-run.js";

const [folder, full] = process.argv.slice(2) as [string, string | undefined];
const engine = new OnnxEngine({ threads: 1 });
process.stdout.write("begun\n");
try {
  const programs = new ProgramCache(engine);
  const [method, input] =
    full === "full" ? [fullSera(), await fullInput(programs)] : [tinySera(), await tinyInput(programs)];
  await openRun(method, input, { folder });
  process.stdout.write("ended\n");
} catch (error) {
  process.stdout.write(`refused: ${(error as Error).message}\n`);
  process.exitCode = 3;
} finally {
  await engine.close();
}
