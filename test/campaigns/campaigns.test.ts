import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Random } from "../../src/base/random.js";
import { emptyFolder } from "../support/folder.js";
import { hasMarkup, markup } from "./markup.js";
import { mutantOf } from "./mutant-process.js";
import { mutants } from "./mutants.js";
import { done, outcomeOfError, Tally } from "./outcomes.js";
import { inputKinds } from "./readers.js";
import { hostileHub, hostileJudge } from "./servers.js";
import { growthPerRun } from "./soak.js";
import { mergedTable, outcomeTable } from "./table.js";
import { jupyterMessages } from "./wire.js";

/** Short campaigns that take seconds; `npm run campaign` runs them for any length of time. */
const short = { seed: Number(process.env.SERA_CAMPAIGN_SEED ?? 1), count: 120, seconds: 20 };

const thirdsOf = (tallies: readonly Tally[]) =>
  tallies.flatMap(({ input, thirds }) => thirds.map(({ id, what }) => `${input}, ${id}: ${what}`));

describe("a short campaign finds no fault", () => {
  it("in damaged files of every kind", async () => {
    const tallies = await mutants(short);
    assert.deepEqual(thirdsOf(tallies), []);
    assert.deepEqual(
      tallies.map(({ input }) => input),
      Object.keys(inputKinds),
    );
    assert.ok(tallies.every(({ count }) => count > 0));
  });

  it("in messages and markup", async () => {
    const tallies = [...(await jupyterMessages(short)), ...(await markup({ ...short, count: 20 }))];
    assert.deepEqual(thirdsOf(tallies), []);
  });

  it("in answers of malicious hubs and judges", async () => {
    const tallies = [
      ...(await hostileHub({ ...short, count: 6, seconds: 10 })),
      ...(await hostileJudge({ ...short, count: 20, seconds: 10 })),
    ];
    assert.deepEqual(thirdsOf(tallies), []);
  });
});

describe("the parts of a campaign", () => {
  it("readers accept at least one good file of every kind", async (test) => {
    for (const [kind, { good, read }] of Object.entries(inputKinds)) {
      // Configs of other architectures do not fit the weights next to them, and two Parquet files are bad on purpose.
      const outcomes = await Promise.all(
        good().map((bytes) =>
          read(bytes, emptyFolder(test)).then(
            () => done,
            (error: unknown) => error,
          ),
        ),
      );
      assert.ok(outcomes.includes(done), `${kind}: ${String(outcomes[0])}`);
    }
  });

  it("mutants are determined by seed and index", () => {
    const of = (seed: number, index: number) => mutantOf("config.json", seed, index).toString("latin1");
    assert.equal(of(1, 2), of(1, 2));
    assert.equal(new Set([of(1, 2), of(1, 3), of(2, 2), of(3, 2)]).size, 4);
  });

  it("an error counts as refused if a user can act on it, and as a third outcome otherwise", async () => {
    const { InputError } = await import("../../src/base/errors.js");
    const kind = (error: unknown) => outcomeOfError(error, ["/tmp/a"]).kind;
    assert.equal(kind(new InputError("/tmp/a: not JSON")), "refused");
    assert.equal(kind(new InputError("not JSON")), "third");
    assert.equal(kind(new InputError(`/tmp/a: ${"x".repeat(5000)}`)), "third");
    assert.equal(kind(new TypeError("/tmp/a: x is undefined")), "third");
    assert.equal(kind(Object.assign(new Error("ENOSPC: /tmp/a"), { code: "ENOSPC" })), "refused");
    assert.equal(kind("/tmp/a"), "third");
  });

  it("hasMarkup finds elements and attributes, but not text", () => {
    for (const evil of [
      "<p><xevil></p>",
      "<p title='a' xevil='1'>",
      '<p title="" xevil="1">',
      "< xevil>",
      "<P XEVIL=1>",
    ])
      assert.ok(hasMarkup(evil), evil);
    for (const good of ["&lt;xevil&gt;", '<p title="&quot; xevil=&quot;1">', "<p title='xevil=1'>a xevil=1</p>"])
      assert.ok(!hasMarkup(good), good);
  });

  it("mergedTable keeps the rows of campaigns that were not run", () => {
    const tally = (campaign: string, input: string, times: number) => {
      const made = new Tally(campaign, input);
      for (let i = 0; i < times; i++) made.add(done, "");
      return made;
    };
    const merged = mergedTable(
      outcomeTable([tally("a", "x", 1), tally("b", "y", 2)]),
      outcomeTable([tally("b", "y", 3), tally("c", "z", 4)]),
    );
    assert.deepEqual(
      merged
        .split("\n")
        .slice(2)
        .map((row) => row.split(" | ").slice(0, 3).join()),
      ["| a,x,1", "| b,y,3", "| c,z,4"],
    );
  });

  it("growthPerRun ignores the growth before the caches are full", () => {
    const random = Random.seeded(1);
    const samples = Array.from({ length: 100 }, (_, i) => ({
      minutes: i,
      runs: i,
      resident: (i < 50 ? 20 * i : 1000 + 2 * (i - 50)) + random.uniform(),
      heap: 0,
    }));
    assert.ok(Math.abs(growthPerRun(samples) - 2) < 0.1);
  });
});
