import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Gate } from "../../../src/engine/thread/gate.js";

const inside = (gate: Gate) => gate.shared[0] === 1;

describe("a gate", () => {
  it("is occupied during the work and empty after it, even if the work fails", async () => {
    const gate = new Gate();
    const seenFromOutside = new Gate(gate.shared);
    const result = await gate.pass(() => {
      assert.ok(inside(seenFromOutside));
      return 7;
    });
    assert.equal(result, 7);
    await assert.rejects(
      gate.pass(() => Promise.reject(new Error("failed"))),
      /failed/,
    );
    assert.ok(!inside(seenFromOutside));
    seenFromOutside.waitUntilEmpty();
  });

  it("refuses new work after the other side has shut it, and lets current work finish", async () => {
    const gate = new Gate();
    const other = new Gate(gate.shared);
    const work = gate.pass(async () => {
      other.shut();
      await Promise.resolve();
      return "done";
    });
    assert.equal(await work, "done");
    await assert.rejects(
      gate.pass(() => assert.fail("inside")),
      /the engine is closed/,
    );
    other.waitUntilEmpty();
  });
});
