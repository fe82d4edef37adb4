import assert from "node:assert/strict";
import { cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { countStates } from "../../../bench/count-states.js";
import { OnnxEngine } from "../../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../../src/engine/program-cache.js";
import { Policy } from "../../../src/model/policy/policy.js";
import { writeTinyCheckpoint } from "../../support/command.js";
import { assertSameTensors } from "../../support/compare.js";
import { emptyFolder } from "../../support/folder.js";

const engine = new OnnxEngine({ threads: 1 });
const programs = new ProgramCache(engine);
const count = countStates(engine);
after(() => engine.close());

describe("a base", () => {
  it("is loaded once for all its policies, by any path, and freed with the last", async (t) => {
    const folder = await writeTinyCheckpoint(join(emptyFolder(t), "model"));
    symlinkSync(folder, `${folder}-link`);
    const load = () => Policy.loadBase(programs, folder);
    const policies = await Promise.all([load(), load(), Policy.loadBase(programs, `${folder}-link`)]);
    policies.push(await load());
    assert.equal(count().states, 1);
    for (const [i, policy] of policies.entries()) {
      assert.equal(count().states, 1, `${i} freed so far`);
      await policy.free();
    }
    assert.equal(count().states, 0);
    // A load during the last free() returns a complete policy.
    const last = await load();
    const [next] = await Promise.all([load(), last.free()]);
    assert.ok((await next.parameters()).size > 0);
    await next.free();
    assert.equal(count().states, 0);
  });

  it("is loaded anew from copied, replaced or edited files, and on another engine", async (t) => {
    const folder = await writeTinyCheckpoint(join(emptyFolder(t), "model"), 1);
    const first = await Policy.loadBase(programs, folder);
    cpSync(folder, `${folder}-copy`, { recursive: true });
    const copy = await Policy.loadBase(programs, `${folder}-copy`);
    assert.equal(count().states, 2);
    const before = await first.parameters();
    await writeTinyCheckpoint(folder, 2);
    const replaced = await Policy.loadBase(programs, folder);
    assert.notDeepEqual((await replaced.fingerprint()).parameters, (await first.fingerprint()).parameters);
    assertSameTensors(await first.parameters(), before);
    const weights = join(folder, "model.safetensors");
    const bytes = readFileSync(weights);
    bytes.writeFloatLE(7, bytes.length - 4);
    writeFileSync(weights, bytes);
    const edited = await Policy.loadBase(programs, folder);
    assert.notDeepEqual((await edited.fingerprint()).parameters, (await replaced.fingerprint()).parameters);
    assert.equal(count().states, 4);
    const other = new OnnxEngine({ threads: 1 });
    const elsewhere = await Policy.loadBase(new ProgramCache(other), folder);
    assert.equal(count().states, 4);
    assert.deepEqual(await elsewhere.fingerprint(), await edited.fingerprint());
    await other.close();
    for (const policy of [first, copy, replaced, edited]) await policy.free();
  });

  it("that failed to load can be loaded after its files are repaired", async (t) => {
    const folder = await writeTinyCheckpoint(join(emptyFolder(t), "model"));
    const config = readFileSync(join(folder, "config.json"));
    writeFileSync(join(folder, "config.json"), "{");
    const load = () => Policy.loadBase(programs, folder);
    await Promise.all([assert.rejects(load(), /config\.json/), assert.rejects(load(), /config\.json/)]);
    await assert.rejects(Policy.loadBase(programs, `${folder}-not`), /no such folder/);
    writeFileSync(join(folder, "config.json"), config);
    await (await load()).free();
    assert.equal(count().states, 0);
  });

  it("is not shared once it is prepared for training, and is copied first if another policy uses it", async (t) => {
    const folder = await writeTinyCheckpoint(join(emptyFolder(t), "model"));
    const trained = await Policy.loadBase(programs, folder);
    await trained.prepareToWrite();
    const other = await Policy.loadBase(programs, folder);
    assert.equal(count().states, 2);
    const { created } = count();
    const shared = other.share();
    await other.prepareToWrite();
    assert.equal(count().created, created + 1, "shared state is copied");
    for (const policy of [trained, other, shared]) await policy.free();
    assert.equal(count().states, 0);
  });
});
