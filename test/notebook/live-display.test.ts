import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { liveDisplay } from "../../src/notebook/live-display.js";
import { listeningHost } from "./listening-host.js";

it("is one output, updated at most five times a second, and keeps the last value", async () => {
  const shown = listeningHost();
  const live = liveDisplay();
  const start = performance.now();
  for (let i = 0; i < 60; i++) {
    await live.show(i);
    await sleep(10);
  }
  await live.finish("end");
  const texts = shown.map(({ bundle }) => bundle["text/plain"]);
  assert.deepEqual([texts[0], texts.at(-1)], ["0", "'end'"]);
  const most = 2 + (performance.now() - start) / 200;
  assert.ok(shown.length >= 3 && shown.length <= most, `${shown.length} updates, expected at most ${most}`);
  const between = texts.slice(1, -1).map(Number);
  assert.ok(
    between.every((value, i) => value > (between[i - 1] ?? 0)),
    `not rising: ${between}`,
  );
  assert.equal(new Set(shown.map(({ id }) => id)).size, 1);
  assert.deepEqual(
    shown.map(({ update }) => update),
    shown.map((_, i) => i > 0),
  );
});

it("outside a kernel, only the final value is printed", () => {
  const code = `
    import { liveDisplay } from "${new URL("../../src/notebook/live-display.js", import.meta.url)}";
    const live = liveDisplay();
    await live.show("a");
    await live.finish("ab");`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", code], { encoding: "utf8" });
  assert.deepEqual([stdout, stderr], ["'ab'\n", ""]);
});
