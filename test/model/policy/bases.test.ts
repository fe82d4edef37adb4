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
  it("is in the engine once for all who load it, at once or later, by whatever path, and gone with the last", async (t) => {
    const folder = await writeTinyCheckpoint(join(emptyFolder(t), "model"));
    symlinkSync(folder, `${folder}-link`);
    const load = () => Policy.loadBase(programs, folder);
    const policies = await Promise.all([load(), load(), Policy.loadBase(programs, `${folder}-link`)]);
    policies.push(await load());
    assert.equal(count().states, 1);
    for (const [i, policy] of policies.entries()) {
      assert.equal(count().states, 1, `${i} are freed`);
      await policy.free();
    }
    assert.equal(count().states, 0);
    // Who asks while the last lets go gets one that is whole.
    const last = await load();
    const [next] = await Promise.all([load(), last.free()]);
    assert.ok((await next.parameters()).size > 0);
    await next.free();
    assert.equal(count().states, 0);
  });

  it("is another where the files are others, were replaced, or were edited in place; and on another engine", async (t) => {
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

  it("that could not be loaded is loaded when its files are mended", async (t) => {
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

  it("that is to be trained is its only holder's own, and no one else's any more", async (t) => {
    const folder = await writeTinyCheckpoint(join(emptyFolder(t), "model"));
    const trained = await Policy.loadBase(programs, folder);
    await trained.prepareToWrite();
    const other = await Policy.loadBase(programs, folder);
    assert.equal(count().states, 2);
    const { created } = count();
    const shared = other.share();
    await other.prepareToWrite();
    assert.equal(count().created, created + 1, "what is shared is copied");
    for (const policy of [trained, other, shared]) await policy.free();
    assert.equal(count().states, 0);
  });
});
