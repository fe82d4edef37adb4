import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { readIdentity, requireSame, runIdentity, writeIdentity } from "../../../src/run/folder/identity.js";
import { emptyFolder } from "../../support/folder.js";

const facts = {
  method: { name: "dpo", version: "1" },
  options: { beta: 0.1, loss: { dpo: 0.8, nll: 0.2 } },
  model: { parameters: "ab" },
};

describe("runIdentity", () => {
  it("does not depend on the order of names or on names without a value", () => {
    const { digest } = runIdentity(facts);
    assert.match(digest, /^[0-9a-f]{64}$/);
    const { model, method } = facts;
    assert.equal(
      runIdentity({ model, options: { loss: { nll: 0.2, dpo: 0.8 }, beta: 0.1 }, method, judge: undefined }).digest,
      digest,
    );
  });

  it("depends on every value and on every name", () => {
    const digests = [
      facts,
      { ...facts, options: { ...facts.options, beta: 0.2 } },
      { ...facts, judge: "gold" },
      { ...facts, judge: null },
    ].map((some) => runIdentity(some).digest);
    assert.equal(new Set(digests).size, digests.length);
  });
});

describe("requireSame", () => {
  it("lists only the differences", () => {
    const other = runIdentity({ method: facts.method, model: {}, options: { beta: 7, loss: "ipo" }, judge: "gold" });
    assert.throws(() => requireSame("runs/x", runIdentity(facts), other), {
      name: "InputError",
      message: [
        "runs/x: holds another run. It differs in",
        '  judge: none there, "gold" now',
        '  model.parameters: "ab" there, none now',
        "  options.beta: 0.1 there, 7 now",
        '  options.loss: none there, "ipo" now',
        "  options.loss.dpo: 0.8 there, none now",
        "  options.loss.nll: 0.2 there, none now",
        "Use another folder, or remove this one.",
      ].join("\n"),
    });
    requireSame("runs/x", runIdentity(facts), runIdentity({ ...facts }));
  });
});

describe("readIdentity", () => {
  it("returns what was written, and undefined for an empty folder", async (test) => {
    const folder = emptyFolder(test);
    assert.equal(await readIdentity(folder), undefined);
    await writeIdentity(folder, runIdentity(facts));
    assert.deepEqual(await readIdentity(folder), runIdentity(facts));
  });

  it("refuses an edited or truncated file", async (test) => {
    const folder = emptyFolder(test);
    await writeIdentity(folder, runIdentity(facts));
    const file = join(folder, "run.json");
    const text = readFileSync(file, "utf8");
    for (const damaged of [text.replace("0.1", "0.2"), text.slice(0, -20), "", "[]"]) {
      writeFileSync(file, damaged);
      await assert.rejects(readIdentity(folder), { name: "InputError", message: /run\.json: changed or damaged/ });
    }
  });

  it("refuses the folder of another version and says what to do", async (test) => {
    const folder = emptyFolder(test);
    writeFileSync(join(folder, "config.json"), "{}");
    await assert.rejects(readIdentity(folder), {
      message: /has config\.json but no run\.json.*older version.*another folder/s,
    });
    await writeIdentity(folder, runIdentity(facts));
    const file = join(folder, "run.json");
    writeFileSync(file, readFileSync(file, "utf8").replace('"format": 1', '"format": 9'));
    await assert.rejects(readIdentity(folder), { message: /another version of sera-lab \(format 9/ });
  });
});
