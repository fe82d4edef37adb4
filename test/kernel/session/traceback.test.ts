import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { missingError } from "../../../src/base/errors.js";
import { packageFolder } from "../../../src/kernel/package-folder.js";
import { Interrupted } from "../../../src/kernel/session/cell.js";
import { describeError, isInterrupt } from "../../../src/kernel/session/traceback.js";

const plain = (thrown: unknown) => describeError(thrown).traceback.map((line) => stripVTControlCharacters(line));

describe("describeError", () => {
  it("names and tells an error", () => {
    const { ename, evalue, traceback } = describeError(new RangeError("too far"));
    assert.deepEqual([ename, evalue], ["RangeError", "too far"]);
    assert.match(traceback[0]!, /RangeError: too far/);
  });

  it("tells what was thrown that is no error", () => {
    assert.deepEqual(describeError("text"), {
      ename: "UncaughtValue",
      evalue: "'text'",
      traceback: ["\x1b[1;31mUncaughtValue\x1b[0m: 'text'"],
    });
    assert.equal(describeError(undefined).evalue, "undefined");
  });

  it("tells the cause of an error, and the cause's, but goes round no circle", () => {
    const error = new Error("outer", { cause: new TypeError("inner", { cause: 7 }) });
    const lines = plain(error).filter((line) => !line.startsWith("    at ") && line !== "");
    assert.deepEqual(lines, ["Error: outer", "Caused by: TypeError: inner", "Caused by: 7"]);
    const round = new Error("round");
    round.cause = round;
    assert.ok(plain(round).length < 200);
  });

  it("leaves the library's own frames out of what it says of its input, and of the causes", () => {
    const frames = [
      `    at rows (${pathToFileURL(`${packageFolder}/dist/src/data/rows.js`).href}:1:2)`,
      "    at async read (file:///home/me/node_modules/sera-lab/dist/src/data/examples.js:3:4)",
      "    at mine (/home/me/x.js:5:6)",
    ];
    const stacked = (error: Error) => Object.assign(error, { stack: [String(error), ...frames].join("\n") });
    const error = stacked(missingError("/no/such", "file", "expected one", stacked(new Error("ENOENT"))));
    assert.deepEqual(plain(error), [
      "InputError: /no/such: no such file; expected one",
      frames[2],
      "",
      "Caused by: Error: ENOENT",
      frames[2],
    ]);
    assert.deepEqual(plain(stacked(new TypeError("a bug"))), ["TypeError: a bug", ...frames]);
  });

  it("tells every part of an AggregateError", () => {
    const lines = plain(new AggregateError([new Error("one"), "two"], "both")).filter((line) =>
      line.startsWith("One of"),
    );
    assert.deepEqual(lines, ["One of them: Error: one", "One of them: 'two'"]);
  });

  it("survives an error without a stack, or with a strange one", () => {
    const bare = new Error("bare");
    Object.assign(bare, { stack: undefined });
    assert.deepEqual(plain(bare), ["Error: bare"]);
    assert.deepEqual(plain(Object.assign(new Error("odd"), { stack: 7 })), ["Error: odd"]);
  });

  it("tells an interrupt as such, however it came", () => {
    const bySignal = Object.assign(new Error("Script execution was interrupted by `SIGINT`"), {
      code: "ERR_SCRIPT_EXECUTION_INTERRUPTED",
    });
    for (const thrown of [new Interrupted(), bySignal]) {
      assert.ok(isInterrupt(thrown));
      assert.equal(describeError(thrown).ename, "Interrupted");
      assert.match(plain(thrown)[0]!, /^Interrupted: the cell was interrupted$/);
    }
    assert.ok(!isInterrupt(new Error("else")));
  });
});
