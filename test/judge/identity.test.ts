import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { goldJudge } from "../../src/judge/gold-judge.js";
import { judgeIdentity } from "../../src/judge/identity.js";
import type { Judge } from "../../src/judge/judge.js";

describe("judgeIdentity", () => {
  const own = (more: object): Judge => ({ ...goldJudge(), ...more });

  it("returns the name and version of a judge, or the identity that the judge states", () => {
    assert.deepEqual(judgeIdentity(goldJudge()), { name: "gold", version: "1" });
    assert.deepEqual(judgeIdentity(own({ name: "mine", version: "2" })), { name: "mine", version: "2" });
    assert.deepEqual(judgeIdentity(own({ identity: { name: "mine", rubric: ["short", "polite"] } })), {
      name: "mine",
      rubric: ["short", "polite"],
    });
  });

  it("refuses a judge without a version and says how to add one", () => {
    for (const version of [undefined, "", 1]) {
      assert.throws(() => judgeIdentity(own({ name: "mine", version })), {
        name: "InputError",
        message:
          'judge "mine": no version; a run is identified by its judge\'s name and version. Add one, ' +
          '{ name: "my-judge", version: "1", compare, grade }, and change it whenever the judge judges differently',
      });
    }
  });

  it("refuses other code under the same name and version", () => {
    const byLength = own({
      name: "length",
      version: "1",
      grade: async (_: unknown, response: string) => ({ grade: response.length, reason: "" }),
    });
    const shorter = own({
      name: "length",
      version: "1",
      grade: async (_: unknown, response: string) => ({ grade: -response.length, reason: "" }),
    });
    assert.deepEqual(judgeIdentity(byLength), judgeIdentity({ ...byLength }));
    assert.throws(() => judgeIdentity(shorter), {
      message:
        'judge "length", version "1": another judge with this name and version was used before; change the version',
    });
    assert.deepEqual(judgeIdentity({ ...shorter, version: "2" }), { name: "length", version: "2" });
  });
});
