import assert from "node:assert/strict";
import { appendFileSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { readEvents } from "../../src/tracking/event-file.js";
import { tensorBoard } from "../../src/tracking/tensorboard.js";
import { emptyFolder } from "../support/folder.js";

const run = { name: "compared/dpo", digest: "0123456789abcdef".repeat(4), facts: {} };
const stepsTo = (last: number, first = 1) =>
  Array.from({ length: last - first + 1 }, (_, i) => ({
    step: first + i,
    time: 1e12,
    metrics: { "train/loss": 1 / (first + i) },
  }));

describe("tensorBoard", () => {
  it("appends the steps of a resumed run to its file, in place of a killed process's damaged records", async (test) => {
    const folder = emptyFolder(test);
    const first = await tensorBoard(folder).open(run);
    assert.equal(first.lastStep, 0);
    await first.write(stepsTo(3));
    await first.end("stopped");
    const place = join(folder, "compared/dpo");
    const [name] = readdirSync(place) as [string];
    assert.match(name, /tfevents/);
    const file = join(place, name);
    const { size } = statSync(file);
    appendFileSync(file, readFileSync(file).subarray(0, 30));
    appendFileSync(file, "half");
    const again = await tensorBoard(folder).open(run);
    assert.equal(again.lastStep, 3);
    assert.ok(statSync(file).size < size + 50);
    await again.write(stepsTo(5, 4));
    await again.end("finished");
    assert.equal(readEvents(readFileSync(file)).lastStep, 5);
    assert.equal(readEvents(readFileSync(file)).bytes, statSync(file).size);
    assert.deepEqual(readdirSync(place), [name]);
  });

  it("refuses an empty path", () => {
    assert.throws(() => tensorBoard(""), {
      name: "InputError",
      message: 'tensorBoard: found "", expected the path of a folder',
    });
  });
});
