import assert from "node:assert/strict";
import { test } from "node:test";
import { firstOfKind } from "../../src/cells/first-of-kind.js";

test("a note that differs from an earlier one only in numbers and hashes is shown once, with its first run", () => {
  const told: string[] = [];
  const note = firstOfKind((text) => void told.push(text));
  note("DPO, seed 1", "12 of 400 responses (3.0 %) were cut off at 48 tokens");
  note("DPO, seed 2", "7 of 1,400 responses (0.5 %) were cut off at 48 tokens");
  note("DPO, seed 2", "runs/dpo-0ebcbb333ae36521 cannot be written");
  note("DPO, seed 3", "runs/dpo-12d2a71a7bc2b6a3 cannot be written");
  note("SeRA, seed 1", "runs/sera-12d2a71a7bc2b6a3 cannot be written");
  assert.deepEqual(told, [
    "DPO, seed 1: 12 of 400 responses (3.0 %) were cut off at 48 tokens",
    "DPO, seed 2: runs/dpo-0ebcbb333ae36521 cannot be written",
    "SeRA, seed 1: runs/sera-12d2a71a7bc2b6a3 cannot be written",
  ]);
});
