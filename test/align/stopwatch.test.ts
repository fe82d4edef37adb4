import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { Stopwatch } from "../../src/align/stopwatch.js";
import { emptyFolder } from "../support/folder.js";

describe("Stopwatch", () => {
  it("adds up seconds by iteration and kind, over interruptions", async (test) => {
    const file = join(emptyFolder(test), "seconds.json");
    const first = await Stopwatch.at(file);
    assert.equal(await first.measure(1, "training", () => wait(30, "trained")), "trained");
    await assert.rejects(first.measure(1, "training", () => wait(30).then(() => Promise.reject(new Error("stopped")))), /stopped/);
    const second = await Stopwatch.at(file);
    await second.measure(1, "scoring", () => wait(10));
    const training = second.of(1, "training");
    assert.ok(training > 0.05 && training < 1, `${training}`);
    assert.equal(training, first.of(1, "training"));
    assert.equal(second.of(2, "training"), 0);
    assert.deepEqual(JSON.parse(readFileSync(file, "utf8")), { 1: { training, scoring: second.of(1, "scoring") } });
  });
});
