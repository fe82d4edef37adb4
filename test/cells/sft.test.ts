import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { sft, type SftRunOptions } from "../../src/cells/sft.js";
import { world } from "../../src/data/index.js";
import { loadDemonstrations } from "../../src/data/load-demonstrations.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import { Random } from "../../src/base/random.js";
import { initialParameters } from "../../src/model/parameters/parameters.js";
import { loadTokenizer } from "../../src/model/tokenizer/load-tokenizer.js";
import { Policy } from "../../src/model/policy/policy.js";
import { inEmptyFolder } from "../support/folder.js";
import { tinyConfig } from "../support/tiny-model.js";

const engine = new OnnxEngine({ threads: 1 });
after(() => engine.close());
const tokenizer = await loadTokenizer(world.tokenizer);
const config = { ...tinyConfig, vocabSize: tokenizer.vocabSize, contextLength: 96 };
const start = await Policy.create(new ProgramCache(engine), {
  config,
  tokenizer,
  parameters: initialParameters(config, Random.seeded(1)),
});
const { demonstrations } = await loadDemonstrations(world.demonstrations, { limit: 12 });
const options: SftRunOptions = { sftEpochs: 4, sftBatchSize: 4, sftLearningRate: 1e-2, seed: 2, quiet: true };

describe("sft in a cell", () => {
  it("trains on demonstrations and returns a run with the trained policy", async (test) => {
    inEmptyFolder(test);
    const steps: number[] = [];
    const run = await sft(start, demonstrations, { ...options, onStep: ({ loss }) => void steps.push(Number(loss)) });
    assert.match(run.folder, /^runs[/\\]sft-[0-9a-f]{16}$/);
    assert.equal(steps.length, 4 * 3);
    assert.ok(steps.at(-1)! < steps[0]! - 0.5);
    assert.deepEqual(
      run.iterations.map(({ iteration }) => iteration),
      [0],
    );
    assert.equal(run.facts.judge, undefined);
    const trained = await run.policy();
    const [before, after] = [await start.fingerprint(), await trained.fingerprint()];
    assert.notEqual(after.parameters, before.parameters);
    const again = await sft(start, demonstrations, options);
    assert.equal(again.folder, run.folder);
    await trained.free();
  });

  it("refuses invalid options by name, and an empty list of demonstrations", async () => {
    const refused = (wrong: object, message: RegExp) =>
      assert.rejects(sft(start, demonstrations, { ...options, ...wrong }), { name: "InputError", message });
    await refused({ beta: 1 }, /^`beta` is not an option of sft; it belongs to /);
    await refused({ heldOut: [] }, /^`heldOut` is not an option of sft/);
    await refused({ sftEpoch: 1 }, /^`sftEpoch` is not an option of sft; did you mean `sftEpochs`\?$/);
    await refused({ sftEpochs: 0 }, /^sftEpochs: found 0, expected a whole number from 1$/);
    await assert.rejects(sft(start, [], options), { name: "InputError", message: "no preference pairs given" });
  });
});
