import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { Random } from "../../src/base/random.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import { initialParameters } from "../../src/model/parameters.js";
import { Policy } from "../../src/model/policy.js";
import { assertSameTensors } from "../support/compare.js";
import { emptyFolder } from "../support/folder.js";
import { tinyConfig, tinyPolicy } from "../support/tiny-model.js";

const engine = new OnnxEngine({ threads: 1 });
const programs = new ProgramCache(engine);
after(() => engine.close());

describe("a policy", () => {
  it("gives back the parameters that it was made of", async () => {
    const policy = await tinyPolicy(programs, 2);
    assertSameTensors(await policy.parameters(), initialParameters(tinyConfig, Random.seeded(2)));
  });

  it("is the same after it was saved and loaded", async () => {
    const folder = await mkdtemp(join(tmpdir(), "sera-policy-"));
    try {
      const policy = await tinyPolicy(programs, 2);
      await policy.save(folder);
      const loaded = await Policy.load(programs, folder);
      assertSameTensors(await loaded.parameters(), await policy.parameters());
      assert.deepEqual(loaded.config, { ...tinyConfig });
      assert.equal(loaded.tokenizer.eosId, policy.tokenizer.eosId);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("gives back what its files said beyond the model, its weights in the type that is asked for", async (t) => {
    const fixture = "test/fixtures/checkpoints/tiny";
    const folder = join(emptyFolder(t), "model");
    const policy = await Policy.load(programs, fixture);
    await policy.save(folder, { dtype: "bfloat16" });
    const read = async (name: string) => JSON.parse(await readFile(join(name, "config.json"), "utf8")) as object;
    assert.deepEqual(await read(folder), { ...(await read(fixture)), dtype: "bfloat16" });
    await policy.free();
  });

  it("cannot be read once it is freed", async () => {
    const policy = await tinyPolicy(programs);
    await policy.free();
    await assert.rejects(policy.parameters(), /the policy .* has been freed; load it again/);
  });
});
