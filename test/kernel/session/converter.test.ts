import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { stripVTControlCharacters } from "node:util";
import { CompileError, Converter } from "../../../src/kernel/session/converter.js";
import { answer } from "../../../src/kernel/session/questions.js";
import { describeError } from "../../../src/kernel/session/traceback.js";

describe("the cell converter", () => {
  let converter: Converter;
  let number = 0;
  const convert = (source: string) => {
    number++;
    return converter.convert({ name: `cell-${number}`, title: `cell [${number}]`, source });
  };
  const errorOf = (source: string) => {
    try {
      convert(source);
    } catch (error) {
      assert.ok(error instanceof CompileError);
      return describeError(error);
    }
    return assert.fail("no error");
  };

  const folder = mkdtempSync(join(tmpdir(), "sera-test-"));
  before(() => {
    process.chdir(folder);
    converter = new Converter(folder);
  });
  after(() => {
    converter.close();
    process.chdir(tmpdir());
    rmSync(folder, { recursive: true });
  });

  it("checks types strictly but allows parameters without a type", () => {
    assert.equal(errorOf("const found: string = ['a'].find((x) => x === 'a');").ename, "TypeCheckError");
    convert("const twice = (x) => 2 * x;");
  });

  it("reports the position of an error in the source", () => {
    const { evalue, traceback } = errorOf("const a = 1;\n  const b: string = a;");
    assert.equal(evalue, "2:9 - Type 'number' is not assignable to type 'string'. (TS2322)");
    const plain = traceback.map((line) => stripVTControlCharacters(line));
    assert.deepEqual(plain.slice(1), [
      `cell [${number}], line 2`,
      "  1 │ const a = 1;",
      "▶ 2 │   const b: string = a;",
      "    │         ^",
    ]);
  });

  it("reports an unfinished cell as a SyntaxError at the end of its text", () => {
    assert.equal(errorOf("const z = {\n").ename, "SyntaxError");
    assert.match(errorOf("const z = {\n").evalue, /^1:12 - /);
  });

  it("knows what earlier cells declared", () => {
    convert("const kept = 5; interface Point { x: number }");
    convert("const point: Point = { x: kept };");
    assert.equal(errorOf("const wrong: Point = { y: kept };").ename, "TypeCheckError");
  });

  it("resolves shorthand properties to the variables of earlier cells", () => {
    convert("let first = 1; const second = 2;");
    const { javascript } = convert(
      "const both = { first, second, both: () => ({ both }) }; ({ first } = { first: 5 }); ({ first = 3 } = {} as { first?: number });",
    );
    const seen = javascript.replaceAll("\u200c", "");
    assert.match(seen, /first: first\.first, second: second\.second/);
    assert.match(seen, /\(\{ first: first\.first \} = /);
    assert.match(seen, /\(\{ first: first\.first = 3 \} = /);
  });

  it("allows await and for await at the top level of a cell", () => {
    convert("for await (const x of [1]) console.log(x);\nawait (await import('node:fs/promises')).readFile('x');");
  });

  it("resolves the library and its dependencies from a folder that has neither", () => {
    convert(
      "import { Random } from 'sera-lab';\nimport { table } from 'arquero';\nconst r: number = Random.seeded(1).uniform();\ntable({ r: [r] })",
    );
    assert.match(errorOf("import { nothing } from 'sera-lab';").evalue, /has no exported member/);
    assert.match(errorOf("import x from 'no-such-package-anywhere';").evalue, /Cannot find module/);
  });

  it("completes and inspects with types", () => {
    convert("import { Random } from 'sera-lab';");
    const asked = (kind: "complete" | "inspect", code: string, position: number) =>
      answer(converter, { kind, code, position });
    assert.deepEqual(asked("complete", "Random.see", 10).matches, ["seeded"]);
    for (const position of [7, 9, 13, 14]) {
      const { data } = asked("inspect", "Random.seeded(1)", position) as { data: Record<string, string> };
      assert.equal(data["text/plain"]!.split("\n")[0], "(method) Random.seeded(seed: number): Random");
    }
    const { data } = asked("inspect", "Random.seeded(1)", 0) as { data: Record<string, string> };
    assert.match(data["text/plain"]!, /^class Random\n/);
    const links = "/** Sees {@link Random}.\n * @param n its\n * @throws never */ function f(n: number) {}\nf";
    const own = asked("inspect", links, links.length) as { data: Record<string, string> };
    assert.equal(own.data["text/plain"], "function f(n: number): void\n\nSees Random.\n@param n its\n@throws never");
  });
});
