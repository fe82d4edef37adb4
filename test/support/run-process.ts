/*
 * A process that does the tiny run in a folder: `node run-process.js FOLDER`. It prints a line when it has begun and the
 * error that it ended with, if any. What it is told on the way, it does: the tests kill it, or start two of it.
 */
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import { openRun } from "../../src/run/open-run.js";
import { tinyInput, tinySera } from "./tiny-run.js";

const [folder] = process.argv.slice(2) as [string];
const engine = new OnnxEngine({ threads: 1 });
process.stdout.write("begun\n");
try {
  await openRun(tinySera(), await tinyInput(new ProgramCache(engine)), { folder });
  process.stdout.write("ended\n");
} catch (error) {
  process.stdout.write(`refused: ${(error as Error).message}\n`);
  process.exitCode = 3;
} finally {
  await engine.close();
}
