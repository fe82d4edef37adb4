import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as kinds from "../../src/base/option-kinds.js";
import type { Kind } from "../../src/base/option-kinds.js";

const { flag, nameOrPart, notNegative, oneOf, penalty, positive, positiveShare, share, shareBelow, whole } = kinds;

describe("the kinds of options", () => {
  const cases: readonly [
    name: string,
    kind: Kind<unknown>,
    good: readonly unknown[],
    bad: readonly unknown[],
    expected: string,
  ][] = [
    ["whole", whole(1), [1, 2, 1e6], [0, 1.5, -1, NaN, Infinity, 1e30, "1", null], "a whole number from 1"],
    ["whole from 0", whole(0), [0, 7], [-1, 0.5], "a whole number from 0"],
    ["positive", positive("x"), [1e-9, 3], [0, -1, NaN, Infinity, "1"], "a number above 0"],
    ["notNegative", notNegative("x"), [0, 1e9], [-1e-9, NaN, Infinity], "a number from 0"],
    ["wholeWithin", kinds.wholeWithin(1, 9, "n"), [1, 9], [0, 10, 1.5, NaN], "a whole number in [1, 9]"],
    ["within", kinds.within(1e-9, 9, "n"), [1e-9, 9], [1e-300, 9.1, NaN, "1"], "a number in [1e-9, 9]"],
    ["aboveUpTo", kinds.aboveUpTo(9, "n"), [1e-9, 9], [0, -1, 1e308, Infinity], "a number above 0, at most 9"],
    ["share", share("x"), [0, 0.5, 1], [-0.1, 1.1, NaN], "a share in [0, 1]"],
    ["positiveShare", positiveShare("x"), [1e-9, 1], [0, 1.1], "a number above 0, at most 1"],
    ["shareBelow", shareBelow(1 / 2, "1/2")("x"), [0, 0.49], [0.5, -0.1, 1], "a share in [0, 1/2)"],
    ["flag", flag(), [true, false], [0, "true", null], "true or false"],
    ["oneOf", oneOf(["up", "down"], "which"), ["up", "down"], ["left", "toString", 1], "one of up, down"],
    [
      "nameOrPart",
      nameOrPart(["up"], "a way", "which"),
      ["up", { name: "mine" }, () => 1],
      ["down", 1, null],
      "one of up, or a way of your own",
    ],
    ["penalty", penalty("x"), [0, 0.1, "auto"], [-1, NaN, "a"], 'a number from 0, or "auto"'],
  ];
  for (const [name, { schema, expected }, good, bad, text] of cases) {
    it(`${name}: ${text}`, () => {
      assert.equal(expected, text);
      for (const value of good) assert.ok(schema.safeParse(value).success, `${String(value)} is good`);
      for (const value of bad) assert.ok(!schema.safeParse(value).success, `${String(value)} is bad`);
    });
  }

  it("parse numbers, and anything else as NaN", () => {
    assert.deepEqual(["1e-4", " 7 ", "-2"].map(kinds.parseNumber), [1e-4, 7, -2]);
    for (const text of ["", " ", "seven", "1,5"]) assert.ok(Number.isNaN(kinds.parseNumber(text)), text);
    assert.deepEqual([penalty("x").parse!("auto"), penalty("x").parse!("0.5")], ["auto", 0.5]);
  });
});
