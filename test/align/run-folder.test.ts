import assert from "node:assert/strict";
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { describe, it } from "node:test";
import { RunFolder } from "../../src/align/run-folder.js";
import { emptyFolder } from "../support/folder.js";

/** What must not be called: the result is there. */
const never = () => assert.fail("made again");

async function* each<T>(rows: readonly T[]): AsyncGenerator<T> {
  yield* rows;
}

describe("RunFolder", () => {
  it("makes a result once, and reads it from then on", async (test) => {
    const folder = new RunFolder(emptyFolder(test));
    assert.equal(await folder.has("iteration-1/x.json"), false);
    assert.deepEqual(await folder.json("iteration-1/x.json", async () => ({ a: 1 })), { a: 1 });
    assert.equal(await folder.has("iteration-1/x.json"), true);
    assert.deepEqual(await folder.json("iteration-1/x.json", never), { a: 1 });
    assert.deepEqual(await folder.rows("x.jsonl", async () => [{ a: 1 }, { b: "ß\n" }]), [{ a: 1 }, { b: "ß\n" }]);
    assert.deepEqual(await folder.rows("x.jsonl", never), [{ a: 1 }, { b: "ß\n" }]);
    assert.deepEqual(await folder.rows("none.jsonl", async () => []), []);
    assert.deepEqual(await folder.rows("none.jsonl", never), []);
  });

  it("leaves nothing of a result whose making fails", async (test) => {
    const folder = new RunFolder(emptyFolder(test));
    await assert.rejects(folder.rows("x.jsonl", () => Promise.reject(new Error("stopped"))), /stopped/);
    assert.equal(await folder.has("x.jsonl"), false);
  });

  it("holds to the rows that a run began with", async (test) => {
    const folder = new RunFolder(emptyFolder(test));
    const rows = [{ id: "a", tokens: [1] }, { id: "b", tokens: [2] }];
    await folder.fixedRows("pairs.jsonl", rows);
    await folder.fixedRows("pairs.jsonl", structuredClone(rows));
    const file = folder.file("pairs.jsonl");
    const refused = (other: object[], line: number) =>
      assert.rejects(folder.fixedRows("pairs.jsonl", other), {
        name: "InputError",
        message: `${file}:${line}: found other data than the run's (2 rows, now ${other.length}), expected the data that the run began with`,
      });
    await refused([rows[0]!, { id: "b", tokens: [3] }], 2);
    await refused([rows[0]!], 2);
    await refused([...rows, rows[0]!], 3);
  });

  it("goes on with rows that grow after those that an interrupted run has kept", async (test) => {
    const folder = new RunFolder(emptyFolder(test));
    const interrupted = folder.growingRows("x.jsonl", async function* () {
      yield* each([[1], [2]]);
      throw new Error("stopped");
    });
    await assert.rejects(interrupted, /stopped/);
    appendFileSync(folder.file("x.jsonl"), "[3");
    const asked: number[] = [];
    const all = await folder.growingRows("x.jsonl", (known) => {
      asked.push(known);
      return each([[3], [4]]);
    });
    assert.deepEqual(all, [[1], [2], [3], [4]]);
    assert.deepEqual(asked, [2]);
    assert.equal(readFileSync(folder.file("x.jsonl"), "utf8"), "[1]\n[2]\n[3]\n[4]\n");
  });

  it("cuts rows before the first that is not to be kept", async (test) => {
    const folder = new RunFolder(emptyFolder(test));
    for (const step of [1, 2, 3, 4]) await folder.append("metrics.jsonl", { step });
    assert.deepEqual(await folder.repairRows("metrics.jsonl", ({ step }: { step: number }) => step !== 3), [{ step: 1 }, { step: 2 }]);
    assert.equal(readFileSync(folder.file("metrics.jsonl"), "utf8"), '{"step":1}\n{"step":2}\n');
    assert.deepEqual(await folder.repairRows("new.jsonl", () => true), []);
    assert.ok(existsSync(folder.file("new.jsonl")));
  });

  it("sweeps away the halves of files, and nothing else", async (test) => {
    const folder = new RunFolder(emptyFolder(test));
    await folder.json("iteration-1/x.json", async () => 1);
    writeFileSync(folder.file("iteration-1/x.json.123.tmp"), "{");
    writeFileSync(folder.file("y.tmp"), "{");
    await folder.sweep();
    assert.deepEqual([await folder.has("iteration-1/x.json"), await folder.has("iteration-1/x.json.123.tmp"), await folder.has("y.tmp")], [true, false, false]);
  });

  it("removes a file, also one that is not there", async (test) => {
    const folder = new RunFolder(emptyFolder(test));
    await folder.json("x.json", async () => 1);
    await folder.remove("x.json");
    await folder.remove("x.json");
    assert.equal(await folder.has("x.json"), false);
  });
});
