import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { Random } from "../../src/base/random.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import { openRun } from "../../src/run/open-run.js";
import { emptyFolder } from "../support/folder.js";
import { startRun } from "../support/started-run.js";
import { resultsIn, tinyInput, tinySera } from "../support/tiny-run.js";

/** SERA_TRIALS=50 runs the whole campaign. */
const trials = Number(process.env.SERA_TRIALS ?? 4);

const engine = new OnnxEngine({ threads: 1 });
after(() => engine.close());

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

describe("two processes in one folder", () => {
  const random = Random.seeded(Number(process.env.SERA_TRIAL_SEED ?? 1));
  let expected: Record<string, string>;
  let seconds: number;

  before(async () => {
    const begin = performance.now();
    const folder = mkdtempSync(join(tmpdir(), "sera-test-"));
    await openRun(tinySera(), await tinyInput(new ProgramCache(engine)), { folder });
    expected = resultsIn(folder);
    seconds = (performance.now() - begin) / 1000;
  });

  for (let trial = 0; trial < trials; trial++) {
    it(`trial ${trial}: at least one finishes, any other is refused, and the bytes equal those of an undisturbed run`, async (test) => {
      const folder = emptyFolder(test);
      // Kill a run at a random moment; two processes then try to resume it.
      const first = startRun(folder);
      await pause(1000 * random.uniform() * (seconds + 1));
      first.child.kill("SIGKILL");
      await first.ended;
      const one = startRun(folder);
      await pause(300 * random.uniform());
      const other = startRun(folder);
      const outcomes = await Promise.all([one.ended, other.ended]);
      assert.ok(outcomes.includes("ended"), outcomes.join(" | "));
      // The later one may find the run finished, and then only reads it.
      for (const outcome of outcomes) assert.match(outcome, /^(ended|refused: .*in use by process \d+ on .*)$/);
      assert.deepEqual(resultsIn(folder), expected);
    });
  }
});
