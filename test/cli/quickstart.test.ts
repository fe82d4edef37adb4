import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { rows, start, workFolder } from "../support/command.js";

it("sera quickstart goes on where it was interrupted if it is run again", async () => {
  const cwd = workFolder();
  const interruptOnce = async (reached: (run: string) => boolean) => {
    const { process, ended } = start(["quickstart", "--out", "mine"], cwd);
    while (process.exitCode === null && !reached(join(cwd, "mine/dpo"))) await wait(1);
    process.kill("SIGINT");
    const { code, stderr } = await ended;
    assert.equal(code, 130, stderr);
    assert.match(stderr, /\ninterrupted: what was finished is kept; run the same command again to continue\n$/);
    return stderr;
  };
  assert.match(await interruptOnce((run) => existsSync(join(run, "iteration-0/model"))), /^new run in mine.dpo/m);
  assert.match(await interruptOnce((run) => rows(run, "metrics.jsonl").length > 1), /^resuming the run in mine.dpo$/m);
  assert.match(
    await interruptOnce((run) => rows(run, "metrics.jsonl").length > 4),
    /^resuming align 1\/1 after step \d+ of 189$/m,
  );
});
