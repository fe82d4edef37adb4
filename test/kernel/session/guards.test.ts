import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import vm from "node:vm";
import { Cell, cells, Interrupted } from "../../../src/kernel/session/cell.js";
import { defineGuards, guard } from "../../../src/kernel/session/guards.js";
import { remember, waitedAt } from "../../../src/kernel/session/positions.js";
import { compiler } from "../../../src/kernel/session/typescript.js";

const flag = new Int32Array(1);
defineGuards(flag);

/** Runs code as a cell does: guarded, in an async function. */
function run(cell: Cell, code: string): Promise<unknown> {
  const name = `cell-${cell.number}`;
  const source = `export {}; async function main() {\n${code}\n}`;
  const { outputText, sourceMapText } = compiler.transpileModule(source, {
    compilerOptions: { target: compiler.ScriptTarget.ES2022, module: compiler.ModuleKind.CommonJS, sourceMap: true },
    transformers: { before: [guard(compiler, name)] },
  });
  remember({ name, title: name, source, lines: outputText.split("\n").length, map: JSON.parse(sourceMapText!) });
  return cells.run(cell, () =>
    vm.runInThisContext(`(() => { const exports = {};\n${outputText}\nreturn main(); })()`),
  ) as Promise<unknown>;
}

let number = 0;
const newCell = () => new Cell(++number, number, flag);

describe("guard", () => {
  it("does not change results", async () => {
    const code = `
      let sum = 0;
      for (let i = 0; i < 3; i++) sum += i;
      for (const value of [10, 20]) { if (value === 20) continue; sum += value; }
      for (const key in { a: 1, b: 2 }) sum += key.length;
      let left = 4;
      while (left > 0) left--;
      do sum++; while (sum < 20);
      for await (const value of [Promise.resolve(100)]) sum += value;
      return sum + (await 1000) + left;`;
    assert.equal(await run(newCell(), code), 1120);
  });

  for (const loop of [
    "while (true) {}",
    "for (;;);",
    "do {} while (true);",
    "for (const _ of endless) {}",
    "while (true) { continue; }",
  ]) {
    it(`stops ${loop}`, async () => {
      const cell = newCell();
      const code = `function* all() { for (;;) yield 1; }\nconst endless = all();\nawait null;\nglobalThis.__set(); ${loop}`;
      Object.assign(globalThis, { __set: () => (flag[0] = cell.number) });
      await assert.rejects(run(cell, code), Interrupted);
      flag[0] = 0;
    });
  }

  it("does not stop a cell if another one is interrupted", async () => {
    const cell = newCell();
    flag[0] = cell.number + 1;
    assert.equal(await run(cell, "for (let i = 0; i < 9; i++); return 7;"), 7);
    flag[0] = 0;
  });

  it("stops code that an ended cell left running if a later cell is interrupted", async () => {
    const cell = newCell();
    flag[0] = cell.number + 1;
    cell.close();
    await assert.rejects(run(cell, "for (;;);"), Interrupted);
    flag[0] = 0;
  });

  it("stops an interrupted cell at its await and runs its finally block", async () => {
    const cell = newCell();
    const seen: string[] = [];
    Object.assign(globalThis, { __seen: seen, __wait: wait });
    const ending = run(
      cell,
      "try { await __wait(20); __seen.push('went on'); } finally { __seen.push('cleaned up'); }",
    );
    cell.interrupt();
    await assert.rejects(ending, Interrupted);
    assert.deepEqual(seen, ["cleaned up"]);
  });

  it("suspends code that catches every error once its cell is interrupted and closed", async () => {
    const cell = newCell();
    let turns = 0;
    Object.assign(globalThis, { __turn: () => turns++, __wait: wait });
    void run(cell, "while (true) { try { __turn(); await __wait(1); } catch {} }").catch(() => {});
    await wait(20);
    cell.interrupt();
    cell.close();
    await wait(20);
    const before = turns;
    await wait(30);
    assert.equal(turns, before);
  });

  it("records where a value without a stack was thrown", async () => {
    const cell = newCell();
    await assert.rejects(run(cell, "\n\n    throw 'a text';"), (thrown) => thrown === "a text");
    const place = waitedAt("a text");
    assert.deepEqual([place?.file.title, place?.line, place?.column], [`cell-${cell.number}`, 4, 5]);
    assert.equal(waitedAt("another text"), undefined);
  });

  it("records where code awaited a rejection without a stack", async () => {
    const cell = newCell();
    const bare = Object.assign(new Error("bare"), { stack: "Error: bare" });
    Object.assign(globalThis, { __bare: bare });
    await assert.rejects(run(cell, "\n  await Promise.reject(__bare);"), bare);
    const place = waitedAt(bare);
    assert.deepEqual([place?.file.title, place?.line, place?.column], [`cell-${cell.number}`, 3, 3]);
  });
});
