import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Random } from "../../../src/base/random.js";
import { pairings, type LabelledSample } from "../../../src/bootstrap/index.js";
import { selectionRules, type Margin, type Reviewed } from "../../../src/review/index.js";
import { pairingOf, selectionOf, type SelectionRule } from "../../../src/run/options/index.js";

const rows = ["a", "b"].map(
  (id): Margin => ({
    ...{ id, prompt: id, chosenReward: 1, rejectedReward: 0, margin: 1, previousMargin: 0, ensemble: 1 },
    ...{ chosenLength: 1, rejectedLength: 1 },
  }),
);
const samples = [2, 1].map(
  (reward, number): LabelledSample => ({ id: "a", number, tokens: [number], complete: true, reward }),
);

describe("selectionOf", () => {
  const own = (select: SelectionRule["select"]) =>
    selectionOf({ name: "own", version: "1", select })(rows, 0.5, Random.seeded(1));

  it("returns a built-in rule by its name, or a custom rule", () => {
    assert.equal(selectionOf("middle"), selectionRules.middle);
    const kept = own((all, share) => all.map((row, i) => ({ ...row, kept: i >= share * all.length })));
    assert.deepEqual(
      kept.map((row) => row.kept),
      [false, true],
    );
  });

  it("refuses a rule that does not return all rows in order, each with kept", () => {
    const bad: readonly ((all: readonly Margin[]) => unknown)[] = [
      () => undefined,
      () => [],
      (all) => all,
      (all) => all.map((row) => ({ ...row, kept: 1 })),
      (all) => all.map((row) => ({ ...row, kept: true })).reverse(),
    ];
    for (const select of bad) {
      assert.throws(() => own(select as (all: readonly Margin[]) => readonly Reviewed[]), {
        name: "InputError",
        message: 'selectBy: the rule "own" must give back all rows in their order, each with kept: true or false',
      });
    }
  });
});

describe("pairingOf", () => {
  const own = (pair: (all: readonly LabelledSample[]) => unknown) =>
    pairingOf({ name: "own", version: "1", pair: pair as () => [] })(samples);

  it("returns a built-in rule by its name, or a custom rule", () => {
    assert.equal(pairingOf("all"), pairings.all);
    assert.deepEqual(
      own(([best, worst]) => [[best, worst]]),
      [[samples[0], samples[1]]],
    );
  });

  it("refuses a rule that does not return pairs of the given samples", () => {
    for (const pair of [() => undefined, () => [[samples[0]]], () => [[samples[0], { ...samples[1] }]]]) {
      assert.throws(() => own(pair), {
        name: "InputError",
        message: 'pairBy: the rule "own" must give back pairs [better, worse] of the samples that it is given',
      });
    }
  });
});
