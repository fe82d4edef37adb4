import assert from "node:assert/strict";
import test from "node:test";
import { InputError } from "../../../src/base/errors.js";
import { combinationKey } from "../../../src/data/world/combinations.js";
import { generateWorld, type WorldOptions } from "../../../src/data/world/generate.js";
import { goldReward } from "../../../src/data/world/gold.js";
import { parsePrompt } from "../../../src/data/world/request.js";

const options: WorldOptions = {
  seed: 5,
  trainPrompts: 1000,
  validationPrompts: 50,
  heldOutPrompts: 100,
  demonstrations: 500,
};
const world = generateWorld(options);
const { train, validation, heldOut, demonstrations } = world;
const share = <T>(rows: readonly T[], holds: (row: T) => boolean) => rows.filter(holds).length / rows.length;

test("the same seed gives the same world, and another seed a different one", () => {
  assert.deepEqual(generateWorld(options), world);
  assert.notDeepEqual(generateWorld({ ...options, seed: 6 }).train, train);
});

test("ids are unique, and each split has the requested size", () => {
  const ids = [train, validation, heldOut, demonstrations].map((rows) => rows.map(({ id }) => id));
  assert.deepEqual(
    ids.map((own) => new Set(own).size),
    [1000, 50, 100, 500],
  );
  assert.equal(new Set(ids.flat()).size, 1650);
});

test("no combination occurs twice, within or across splits", () => {
  const splits = [train, validation, heldOut, demonstrations].map((rows) =>
    rows.map(({ prompt }) => combinationKey(parsePrompt(prompt)!)),
  );
  assert.equal(new Set(splits.flat()).size, splits.flat().length);
});

test("a training side larger than the world repeats combinations, but never held-out ones", () => {
  const large = generateWorld({ ...options, heldOutPrompts: 14000, trainPrompts: 800, demonstrations: 10 });
  const asked = (rows: readonly { prompt: string }[]) =>
    new Set(rows.map(({ prompt }) => combinationKey(parsePrompt(prompt)!)));
  assert.equal(asked(large.train).size, 510);
  const held = asked(large.heldOut);
  assert.ok([...asked(large.train), ...asked(large.demonstrations)].every((one) => !held.has(one)));
});

test("scores are the gold rewards, and chosen differs from rejected", () => {
  for (const { prompt, chosen, rejected, chosenScore, rejectedScore } of [...train, ...heldOut]) {
    assert.notEqual(chosen, rejected);
    assert.equal(chosenScore, goldReward(prompt, chosen).total);
    assert.equal(rejectedScore, goldReward(prompt, rejected).total);
  }
});

test("labels follow Bradley–Terry on the gold reward", () => {
  // Expected consistency of each pair is σ(|difference| / .09).
  const differences = train
    .map(({ chosenScore, rejectedScore }) => chosenScore - rejectedScore)
    .filter((difference) => difference !== 0);
  const expected =
    differences.reduce((sum, difference) => sum + 1 / (1 + Math.exp(-Math.abs(difference) / 0.09)), 0) /
    differences.length;
  assert.ok(Math.abs(share(differences, (difference) => difference > 0) - expected) < 0.03);
  assert.ok(expected > 0.85 && expected < 0.95);
});

test("flips swap the responses of the given share of training pairs, and nothing else", () => {
  const flipped = generateWorld({ ...options, flipShare: 0.4 });
  assert.equal(
    share(flipped.train, (pair) => pair.flipped === true),
    0.4,
  );
  flipped.train.forEach((pair, i) => {
    const { chosen, rejected, chosenScore, rejectedScore, ...rest } = train[i]!;
    assert.deepEqual(
      pair,
      pair.flipped
        ? {
            ...rest,
            flipped: true,
            chosen: rejected,
            rejected: chosen,
            chosenScore: rejectedScore,
            rejectedScore: chosenScore,
          }
        : train[i],
    );
  });
  assert.deepEqual({ ...flipped, train }, world);
});

test("spurious features are added to the chosen responses of training pairs only", () => {
  const closes = (text: string) => text.includes("hope this helps .");
  const planted = generateWorld({ ...options, spurious: { closing: 0.8, length: 0 } });
  assert.ok(share(planted.train, ({ chosen }) => closes(chosen)) > 0.75);
  assert.deepEqual(
    planted.train.map(({ rejected }) => rejected),
    train.map(({ rejected }) => rejected),
  );
  assert.deepEqual({ ...planted, train }, world);

  const long = generateWorld({ ...options, spurious: { closing: 0, length: 1 } });
  long.train.forEach(({ chosen }, i) => assert.ok(chosen.length > train[i]!.chosen.length));
  assert.ok(share(long.train, (pair) => pair.chosenScore === goldReward(pair.prompt, pair.chosen).total) === 1);
});

test("invalid options are refused by name", () => {
  const refuses = (change: Partial<WorldOptions>, message: RegExp) =>
    assert.throws(
      () => generateWorld({ ...options, ...change }),
      (error) => error instanceof InputError && message.test(error.message),
    );
  refuses({ trainPrompts: -1 }, /trainPrompts: found -1, expected a whole number/);
  refuses({ demonstrations: 1.5 }, /demonstrations: found 1.5/);
  refuses({ flipShare: 1.2 }, /flipShare: found 1.2, expected a share in \[0, 1\]/);
  refuses({ spurious: { closing: NaN, length: 0 } }, /closing: found NaN/);
  refuses({ heldOutPrompts: 14560 }, /fewer than the 14560 combinations/);
});
