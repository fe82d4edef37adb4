import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { Random } from "../../src/base/random.js";
import type { TaskOptions } from "../../src/base/task.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import { initialLora } from "../../src/model/parameters/lora/lora.js";
import type { Policy } from "../../src/model/policy/policy.js";
import { pairLogProbs } from "../../src/review/log-ratios.js";
import { cachedPairLogProbs } from "../../src/review/reference-cache.js";
import { emptyFolder } from "../support/folder.js";
import { randomPairs, tinyPolicy } from "../support/tiny-model.js";

const engine = new OnnxEngine({ threads: 1 });
const programs = new ProgramCache(engine);
after(() => engine.close());
const pairs = randomPairs(5, Random.seeded(2));

/** Returns the values, and whether they were computed, as progress shows. */
async function ask(folder: string, policy: Policy, of = pairs) {
  let computed = false;
  const work: TaskOptions = { onProgress: () => (computed = true) };
  const { values, seconds } = await cachedPairLogProbs(
    policy,
    JSON.stringify(await policy.fingerprint()),
    of,
    folder,
    work,
  );
  assert.ok(seconds > 0);
  return { values, computed };
}

describe("cachedPairLogProbs", () => {
  it("returns the values of pairLogProbs and computes them only once", async (test) => {
    const folder = join(emptyFolder(test), "cache");
    const policy = await tinyPolicy(programs);
    const expected = await pairLogProbs(policy, pairs);
    assert.deepEqual(await ask(folder, policy), { values: expected, computed: true });
    assert.deepEqual(await ask(folder, await tinyPolicy(programs)), { values: expected, computed: false });
  });

  it("returns the seconds that the original computation took", async (test) => {
    const folder = emptyFolder(test);
    const policy = await tinyPolicy(programs);
    await ask(folder, policy);
    const file = join(folder, readdirSync(folder)[0]!);
    writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(file, "utf8")) as object), seconds: 123 }));
    const { seconds } = await cachedPairLogProbs(policy, JSON.stringify(await policy.fingerprint()), pairs, folder);
    assert.equal(seconds, 123);
  });

  it("computes again for another model or adapter, other pairs, or the same pairs in another order", async (test) => {
    const folder = emptyFolder(test);
    const policy = await tinyPolicy(programs);
    const adapter = { rank: 2, alpha: 4, targets: ["q_proj"] };
    const adapted = (seed: number) =>
      policy.withAdapter(adapter, initialLora(policy.config, adapter, Random.seeded(seed)));
    const swapped = pairs.map((pair) => ({ ...pair, chosen: pair.rejected, rejected: pair.chosen }));
    const asked = [
      ...[await ask(folder, policy), await ask(folder, await tinyPolicy(programs, 2))],
      ...[await ask(folder, await adapted(1)), await ask(folder, await adapted(2))],
      ...[
        await ask(folder, policy, pairs.slice(1)),
        await ask(folder, policy, pairs.toReversed()),
        await ask(folder, policy, swapped),
      ],
    ];
    assert.ok(asked.every(({ computed }) => computed));
    assert.equal(readdirSync(folder).length, 7);
    assert.equal((await ask(folder, await adapted(2))).computed, false);
  });

  it("computes and saves again if the file is damaged or has another fingerprint", async (test) => {
    const folder = emptyFolder(test);
    const policy = await tinyPolicy(programs);
    const { values } = await ask(folder, policy);
    const file = join(folder, readdirSync(folder)[0]!);
    const whole = JSON.parse(readFileSync(file, "utf8")) as { fingerprint: string; chosen: number[] };
    const damaged = [
      "{",
      "null",
      JSON.stringify({ ...whole, fingerprint: "another" }),
      JSON.stringify({ ...whole, seconds: undefined }),
      JSON.stringify({ ...whole, chosen: whole.chosen.slice(1) }),
      JSON.stringify({ ...whole, chosen: whole.chosen.map(() => null) }),
    ];
    for (const text of damaged) {
      writeFileSync(file, text);
      assert.deepEqual(await ask(folder, policy), { values, computed: true }, text);
      assert.deepEqual(await ask(folder, policy), { values, computed: false }, text);
    }
  });
});
