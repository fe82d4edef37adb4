import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { notNegative, whole } from "../../src/base/option-kinds.js";
import { defaultsOf, defaultText, withDefaults, type OptionTable } from "../../src/base/option.js";

interface Drink {
  readonly cups: number;
  readonly sugar?: number;
}

const table: OptionTable<Drink> = {
  cups: { ...whole(1), help: "cups to fill", default: 2 },
  sugar: { ...notNegative("grams"), help: "grams of sugar", otherwise: "none" },
};

describe("a table of options", () => {
  it("gives the defaults of the options that have one", () => {
    assert.deepEqual(defaultsOf(table), { cups: 2 });
  });

  it("accepts other defaults, also for options without one, and is not changed itself", () => {
    assert.deepEqual(defaultsOf(withDefaults(table, { cups: 3, sugar: 4 })), { cups: 3, sugar: 4 });
    assert.deepEqual(defaultsOf(table), { cups: 2 });
  });

  it("describes its defaults as text", () => {
    assert.deepEqual([defaultText(table.cups), defaultText(table.sugar)], ["2", "none"]);
    assert.equal(defaultText({ ...table.cups, default: "auto" }), "auto");
    assert.equal(defaultText({ ...table.cups, default: 1e-8 }), "1e-8");
  });
});
