import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { it } from "node:test";

it("docs/options.md matches the library's options", () => {
  const { status, stderr } = spawnSync(process.execPath, ["scripts/options-table.mjs", "--check"], {
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
});
