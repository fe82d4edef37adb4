import assert from "node:assert/strict";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { Random } from "../../src/base/random.js";
import { Run } from "../../src/cells/run.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import { openRun } from "../../src/run/open-run.js";
import { damages, runFilesIn } from "../support/damages.js";
import { emptyFolder } from "../support/folder.js";
import { resultsIn, tinyInput, tinySera } from "../support/tiny-run.js";

const programs = new ProgramCache(new OnnxEngine({ threads: 1 }));
after(() => programs.engine.close());

const method = tinySera({ rounds: 2 });

/** Resumes and reads the run; returns the error that this ends with, if any. */
async function resumed(folder: string): Promise<Error | undefined> {
  return openRun(method, await tinyInput(programs), { folder }).then(
    async () => {
      // Read what a notebook cell reads, down to the model.
      const run = await Run.open(folder);
      await (await run.policy()).free();
      return undefined;
    },
    (error: Error) => error,
  );
}

function checkError(error: Error, what: string): void {
  assert.equal(error.name, "InputError", `${what}: ${error.stack}`);
  assert.match(error.message, /run\.json|manifest\.json|redoFrom: \d/, what);
}

describe("a damaged file in a run's folder", () => {
  it("causes a clear error or changes no other file in a finished run", async (test) => {
    const whole = emptyFolder(test);
    await openRun(method, await tinyInput(programs), { folder: whole });
    const expected = resultsIn(whole);
    const random = Random.seeded(1);
    const outcomes = { error: 0, same: 0 };
    for (const name of runFilesIn(whole)) {
      for (const [how, damage] of Object.entries(damages)) {
        const folder = emptyFolder(test);
        cpSync(whole, folder, { recursive: true });
        damage(join(folder, name), random.fork(name, how));
        const what = `${name} ${how}`;
        const error = await resumed(folder).catch((thrown: Error) => thrown);
        if (error) {
          checkError(error, what);
          outcomes.error++;
        } else {
          // Nothing read the file; all others are unchanged.
          const { [name]: _, ...others } = resultsIn(folder);
          const { [name]: __, ...before } = expected;
          for (const [other, digest] of Object.entries(before))
            assert.equal(others[other], digest, `${what}: ${other} changed`);
          outcomes.same++;
        }
        rmSync(folder, { recursive: true, force: true });
      }
    }
    assert.ok(outcomes.error > outcomes.same, JSON.stringify(outcomes));
  });

  it("is named when a finished run is resumed, whichever file it is", async (test) => {
    const whole = emptyFolder(test);
    await openRun(method, await tinyInput(programs), { folder: whole });
    const resume = async (folder: string) => openRun(method, await tinyInput(programs), { folder, mode: "resume" });
    await resume(whole);
    for (const name of runFilesIn(whole)) {
      const folder = emptyFolder(test);
      cpSync(whole, folder, { recursive: true });
      damages["one bit flipped"]!(join(folder, name), Random.seeded(3));
      await assert.rejects(
        resume(folder),
        (error: Error) => error.name === "InputError" && error.message.includes(join(folder, name)),
        name,
      );
    }
  });

  it("causes a clear error or the same final bytes in a resumed run", async (test) => {
    const whole = emptyFolder(test);
    await openRun(method, await tinyInput(programs), { folder: whole });
    const expected = resultsIn(whole);
    const begun = emptyFolder(test);
    const abort = new AbortController();
    const reporter = {
      start: (label: string) => (
        label.startsWith("align 2") && abort.abort(new Error("stop")), { update() {}, finish() {} }
      ),
    };
    await assert.rejects(
      async () => openRun(method, await tinyInput(programs), { folder: begun }, { signal: abort.signal, reporter }),
      { message: "stop" },
    );
    assert.ok(runFilesIn(begun).some((name) => name.includes("checkpoint")));
    const random = Random.seeded(2);
    for (const name of runFilesIn(begun)) {
      for (const [how, damage] of Object.entries(damages)) {
        const folder = emptyFolder(test);
        cpSync(begun, folder, { recursive: true });
        damage(join(folder, name), random.fork(name, how));
        const what = `${name} ${how}`;
        const error = await resumed(folder).catch((thrown: Error) => thrown);
        if (error) checkError(error, what);
        else assert.deepEqual(resultsIn(folder), expected, what);
        rmSync(folder, { recursive: true, force: true });
      }
    }
  });
});
