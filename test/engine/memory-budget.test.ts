import assert from "node:assert/strict";
import { it } from "node:test";
import { heldMemory, leastMemory, memoryError, programMemory } from "../../src/engine/memory-budget.js";

it("a memory error states the needs of process, state and program, and the least memory that fits", () => {
  const [state, least] = [70e6, 31e6];
  const { name, message } = memoryError({
    ...{ memory: 400e6, state, holders: " and the model", work: "scoring 256 tokens takes", least },
    advice: ["cut the texts"],
  });
  assert.equal(name, "InputError");
  assert.equal(
    message,
    "memory: found 400 MB, but the process and the model hold 520 MB, and scoring 256 tokens takes 31 MB more; raise it to 0.6GB, or cut the texts",
  );
  assert.equal(leastMemory(state, least), 0.6e9);
  assert.ok(programMemory(0.6e9, state) >= least);
  assert.equal(leastMemory(600e6 - heldMemory(0), 0), 0.6e9);
});
