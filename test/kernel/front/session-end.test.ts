import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { errorOfEnd } from "../../../src/kernel/front/session-end.js";

describe("the error of a cell after its session has ended", () => {
  const gone = "All variables are gone; a new session has been started. Run the cells again from the top";

  it("names the signal or the exit code", () => {
    const { ename, evalue, traceback } = errorOfEnd({ code: null, signal: "SIGSEGV", stderr: "" });
    assert.equal(ename, "SessionEnded");
    assert.equal(evalue, `The session was ended by SIGSEGV. ${gone}.`);
    assert.deepEqual(traceback, [`SessionEnded: ${evalue}`]);
    assert.equal(
      errorOfEnd({ code: 3, signal: null, stderr: "" }).evalue,
      `The session ended with exit code 3. ${gone}.`,
    );
  });

  const memory = [
    {
      code: null,
      signal: "SIGABRT",
      stderr: "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n",
    },
    { code: null, signal: "SIGABRT", stderr: "terminate called after throwing an instance of 'std::bad_alloc'\n" },
    { code: null, signal: "SIGKILL", stderr: "" },
  ] as const;
  for (const end of memory) {
    it(`is an OutOfMemoryError after ${end.stderr.trim() || end.signal}`, () => {
      const { ename, evalue } = errorOfEnd(end);
      assert.equal(ename, "OutOfMemoryError");
      assert.match(evalue, /smaller batch/);
      assert.ok(evalue.includes(gone), evalue);
    });
  }
});
