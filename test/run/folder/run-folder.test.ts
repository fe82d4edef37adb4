import assert from "node:assert/strict";
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { z } from "zod";
import { jsonFile, rowsFile } from "../../../src/run/folder/files.js";
import { runLayout } from "../../../src/run/folder/layout.js";
import { RunFolder } from "../../../src/run/folder/run-folder.js";
import { emptyFolder } from "../../support/folder.js";

const figure = jsonFile("iteration-1/figure.json", z.object({ value: z.number() }));
const numbers = rowsFile("iteration-1/numbers.jsonl", z.number());
const failing = () => Promise.reject(new Error("made again"));

async function* counting(from: number, to: number): AsyncGenerator<number> {
  for (let i = from; i < to; i++) yield i;
}

describe("RunFolder", () => {
  it("computes a result once and reads it afterwards", async (test) => {
    const path = emptyFolder(test);
    const folder = await RunFolder.open(path);
    assert.deepEqual(await folder.json(figure, async () => ({ value: 0.1 })), { value: 0.1 });
    assert.deepEqual(await folder.rows(numbers, async () => [1, 2]), [1, 2]);
    const later = await RunFolder.open(path);
    assert.deepEqual(await later.json(figure, failing), { value: 0.1 });
    assert.deepEqual(await later.rows(numbers, failing), [1, 2]);
  });

  it("computes a result again if it is on disk but not recorded", async (test) => {
    const folder = await RunFolder.open(emptyFolder(test));
    mkdirSync(folder.file("iteration-1"));
    writeFileSync(folder.file(numbers.path), "7\n");
    assert.deepEqual(await folder.rows(numbers, async () => [1]), [1]);
  });

  it("refuses a result that was changed, truncated, extended or removed, and says where to redo from", async (test) => {
    const folder = await RunFolder.open(emptyFolder(test));
    await folder.rows(numbers, async () => [1, 2, 3]);
    const file = folder.file(numbers.path);
    const damages = [
      () => writeFileSync(file, "1\n2\n4\n"),
      () => writeFileSync(file, "1\n2\n"),
      () => appendFileSync(file, "4\n"),
      () => rmSync(file),
    ];
    for (const damage of damages) {
      writeFileSync(file, "1\n2\n3\n");
      damage();
      const error = {
        name: "InputError",
        message: /iteration-1\/numbers\.jsonl: (changed or damaged|missing).*redoFrom: 1/,
      };
      await assert.rejects(folder.readRows(numbers), error);
      await assert.rejects(folder.verify(), error);
    }
  });

  it("refuses rows that do not fit the schema", async (test) => {
    const folder = await RunFolder.open(emptyFolder(test));
    await folder.rows(rowsFile(numbers.path, z.unknown()), async () => ["one"]);
    await assert.rejects(folder.readRows(numbers), {
      name: "InputError",
      message: /not as this version of sera-lab writes it/,
    });
  });

  it("continues growing rows after the last recorded one", async (test) => {
    const path = emptyFolder(test);
    const folder = await RunFolder.open(path);
    const stopped = folder.growRows(numbers, async function* () {
      yield* counting(0, 3);
      throw new Error("stopped");
    });
    await assert.rejects(stopped, { message: "stopped" });
    await folder.close();
    appendFileSync(folder.file(numbers.path), "99");
    const later = await RunFolder.open(path);
    await later.verify();
    const known: number[][] = [];
    const goneOn = (kept: readonly number[]) => (known.push([...kept]), counting(kept.length, 5));
    assert.deepEqual(await later.growRows(numbers, goneOn), [0, 1, 2, 3, 4]);
    assert.deepEqual(known, [[0, 1, 2]]);
    await later.close();
    assert.equal(readFileSync(later.file(numbers.path), "utf8"), "0\n1\n2\n3\n4\n");
  });

  it("refuses recorded rows that were changed", async (test) => {
    const path = emptyFolder(test);
    const folder = await RunFolder.open(path);
    await folder.growRows(numbers, () => counting(0, 3));
    await folder.close();
    writeFileSync(folder.file(numbers.path), "0\n7\n2\n");
    await assert.rejects((await RunFolder.open(path)).verify(), { message: /numbers\.jsonl: changed or damaged/ });
  });

  it("keeps only the latest checkpoint, never under the name of the one before", async (test) => {
    const path = emptyFolder(test);
    const folder = await RunFolder.open(path);
    mkdirSync(folder.file("iteration-2"));
    const names: string[] = [];
    const keep = () =>
      folder.keepCheckpoint(2, [], async (file) => (names.push(file), writeFileSync(file, `${names.length}`)));
    await keep();
    await keep();
    assert.deepEqual(
      names.map((name) => existsSync(name)),
      [false, true],
    );
    const later = await RunFolder.open(path);
    assert.equal(await later.checkpoint(2), names[1]);
    assert.equal(await later.checkpoint(1), undefined);
    writeFileSync(names[1]!, "x");
    await assert.rejects(later.checkpoint(2), {
      message: /checkpoint-2\.safetensors: changed or damaged.*redoFrom: 2/,
    });
  });

  it("removes the results, logged steps and times of the iterations from redoFrom on", async (test) => {
    const path = emptyFolder(test);
    const folder = await RunFolder.open(path);
    const { metrics, iteration } = runLayout;
    for (const t of [0, 1, 2]) {
      await folder.append(metrics, { phase: "align", iteration: t, step: 1 });
      await folder.rows(rowsFile(iteration(t).reference.path, z.number()), async () => [t]);
      await folder.seal([], [metrics.path]);
    }
    folder.addSeconds(1, "training", 2);
    folder.addSeconds(2, "training", 3);
    await folder.redoFrom(2);
    await folder.close();
    const later = await RunFolder.open(path);
    await later.verify();
    assert.deepEqual(
      [0, 1, 2].map((t) => later.isDone(iteration(t).reference.path)),
      [true, true, false],
    );
    assert.deepEqual(
      (await later.readRows(metrics)).map((row) => row.iteration),
      [0, 1],
    );
    assert.deepEqual([later.secondsOf(1, "training"), later.secondsOf(2, "training")], [2, 0]);
    assert.equal(statSync(later.file(metrics.path)).size, readFileSync(later.file(metrics.path)).length);
  });

  it("refuses a damaged manifest, and a missing one if there are results", async (test) => {
    const path = emptyFolder(test);
    await (await RunFolder.open(path)).rows(rowsFile(runLayout.iteration(0).reference.path, z.number()), async () => [
      1,
    ]);
    const file = join(path, "manifest.json");
    writeFileSync(file, readFileSync(file, "utf8").replace('"bytes": 2', '"bytes": 3'));
    await assert.rejects(RunFolder.open(path), { message: /manifest\.json: damaged.*redoFrom: 0/ });
    rmSync(file);
    await assert.rejects(RunFolder.open(path), { message: /manifest\.json is missing.*redoFrom: 0/ });
  });

  it("adds up seconds across interruptions", async (test) => {
    const path = emptyFolder(test);
    const folder = await RunFolder.open(path);
    folder.addSeconds(1, "scoring", 1.5);
    await folder.save();
    const later = await RunFolder.open(path);
    later.addSeconds(1, "scoring", 1);
    assert.equal(later.secondsOf(1, "scoring"), 2.5);
  });
});
