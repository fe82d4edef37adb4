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
  it("returns an error's name, message and traceback", () => {
    const { ename, evalue, traceback } = describeError(new RangeError("too far"));
    assert.deepEqual([ename, evalue], ["RangeError", "too far"]);
    assert.match(traceback[0]!, /RangeError: too far/);
  });

  it("describes a thrown value that is not an Error", () => {
    assert.deepEqual(describeError("text"), {
      ename: "UncaughtValue",
      evalue: "'text'",
      traceback: ["\x1b[1;31mUncaughtValue\x1b[0m: 'text'"],
    });
    assert.equal(describeError(undefined).evalue, "undefined");
  });

  it("follows the chain of causes and stops at a cycle", () => {
    const error = new Error("outer", { cause: new TypeError("inner", { cause: 7 }) });
    const lines = plain(error).filter((line) => !line.startsWith("    at ") && line !== "");
    assert.deepEqual(lines, ["Error: outer", "Caused by: TypeError: inner", "Caused by: 7"]);
    const round = new Error("round");
    round.cause = round;
    assert.ok(plain(round).length < 200);
  });

  it("omits the library's frames from an InputError and its causes, but not from other errors", () => {
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

  it("lists every error of an AggregateError", () => {
    const lines = plain(new AggregateError([new Error("one"), "two"], "both")).filter((line) =>
      line.startsWith("One of"),
    );
    assert.deepEqual(lines, ["One of them: Error: one", "One of them: 'two'"]);
  });

  it("handles an error with no stack or with a stack that is not a string", () => {
    const bare = new Error("bare");
    Object.assign(bare, { stack: undefined });
    assert.deepEqual(plain(bare), ["Error: bare"]);
    assert.deepEqual(plain(Object.assign(new Error("odd"), { stack: 7 })), ["Error: odd"]);
  });

  it("describes an interrupt as Interrupted, thrown by a guard or caused by a signal", () => {
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
