import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";
import { run, workFolder } from "../support/command.js";

const folder = workFolder();
const root = new URL("../../../", import.meta.url);

it("sera --version prints the package's version", async () => {
  const { version } = JSON.parse(readFileSync(new URL("package.json", root), "utf8")) as { version: string };
  const { code, stdout } = await run(["--version"], folder);
  assert.deepEqual([code, stdout.trim()], [0, version]);
});
