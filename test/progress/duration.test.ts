import assert from "node:assert/strict";
import { it } from "node:test";
import { clock } from "../../src/progress/duration.js";

it("clock formats seconds as m:ss or h:mm:ss", () => {
  assert.deepEqual([0, 7.4, 59.6, 754, 3723, 360_000].map(clock), [
    "0:00",
    "0:07",
    "1:00",
    "12:34",
    "1:02:03",
    "100:00:00",
  ]);
});
