import assert from "node:assert/strict";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { json, run, workFolder, worldRows, writeTinyCheckpoint } from "../support/command.js";
import { HubServer } from "../support/hub-server.js";

const work = workFolder();
before(() => writeTinyCheckpoint(join(work, "model")));

const split = (...rows: readonly string[]) => rows.map((row) => `${row}\n`).join("");
const common = ["--model", "model", "--threads", "1", "--quiet", "--batch-size", "4", "--max-new-tokens", "4"];

describe("runs on data from the hub", () => {
  it("read the split of each source, and the held-out pairs at the revision of the pairs", async (test) => {
    const rows = worldRows("validation.jsonl", 7);
    const v1 = { "train.jsonl": split(...rows.slice(0, 4)), "test.jsonl": split(...rows.slice(4)) };
    await HubServer.start(test, {
      "datasets/org/pairs": { revisions: { main: { "train.jsonl": split(rows[0]!) }, v1 } },
    });
    const data = ["--data", "org/pairs", "--revision", "v1", "--eval-data", "org/pairs", "--eval-split", "test"];
    const { code, stderr } = await run(["align", "--method", "direct", ...common, ...data, "--out", "run"], work);
    assert.deepEqual([code, stderr], [0, ""]);
    const { pairs, heldOut } = json(join(work, "run"), "data.json");
    assert.deepEqual([pairs, heldOut.pairs], [4, 3]);
  });

  it("fine-tune on demonstrations from the hub", async (test) => {
    await HubServer.start(test, {
      "datasets/org/shown": {
        revisions: { main: { "train.jsonl": split(JSON.stringify({ prompt: "cook", response: "stir" })) } },
      },
    });
    const sft = [
      "sft",
      "--model",
      "model",
      "--threads",
      "1",
      "--quiet",
      "--data",
      "org/shown",
      "--split",
      "train",
      "--sft-epochs",
      "1",
      "--out",
      "sft",
    ];
    assert.deepEqual(await run(sft, work), { code: 0, signal: null, stdout: `sft/iteration-0/model\n`, stderr: "" });
  });
});
