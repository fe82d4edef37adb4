import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { it } from "node:test";

it("docs/options.md says of every option what the library does", () => {
  const { status, stderr } = spawnSync(process.execPath, ["scripts/options-table.mjs", "--check"], {
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
});
