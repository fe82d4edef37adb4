import assert from "node:assert/strict";
import test from "node:test";
import { bridge, editDistance, type Editor } from "../../src/data/bridge.js";
import type { PreferencePair } from "../../src/data/pair.js";
import { worldEditor } from "../../src/data/world/editor.js";
import { generateWorld } from "../../src/data/world/generate.js";
import { goldReward } from "../../src/data/world/gold.js";

const pairs: PreferencePair[] = [
  {
    id: "a",
    prompt: "p",
    chosen: "one two three",
    rejected: "one four",
    chosenScore: 5,
    rejectedScore: 2,
    columns: { weight: 2 },
  },
  { id: "b", prompt: "p", chosen: "x", rejected: "y z" },
];
const editor = (edit: Editor["edit"]): Editor => ({ name: "mine", version: "1", edit });
const bridged = async (edit: Editor["edit"], options = {}) => bridge(pairs, editor(edit), options);

test("an improved response replaces the chosen one; a pair that needs no edit stays the same", async () => {
  const asked: unknown[] = [];
  const found = await bridged((request) => {
    asked.push(request);
    return request.response === "one four" ? "one three" : null;
  });
  assert.deepEqual(asked, [
    { prompt: "p", response: "one four", other: "one two three", way: "improve" },
    { prompt: "p", response: "y z", other: "x", way: "improve" },
  ]);
  assert.deepEqual(found, {
    ...{ edited: 1, unneeded: 1, unusable: 0 },
    pairs: [
      { id: "a", prompt: "p", chosen: "one three", rejected: "one four", rejectedScore: 2, columns: { weight: 2 } },
      pairs[1],
    ],
  });
});

test("a worsened response replaces the rejected one, and seesOther: false hides the other response", async () => {
  const found = await bridged(
    ({ response, other, way }) => (response === "x" ? null : `${way} ${other ?? "blind"} two three`),
    { way: "worsen", seesOther: false },
  );
  assert.deepEqual(
    [found.pairs[0]!.chosen, found.pairs[0]!.rejected, found.pairs[0]!.chosenScore, found.pairs[0]!.rejectedScore],
    ["one two three", "worsen blind two three", 5, undefined],
  );
});

test("an edit that equals the other response keeps the pair and its scores", async () => {
  const found = await bridged(({ other }) => other!);
  assert.deepEqual(found.pairs, pairs);
});

test("an unusable edit keeps the pair, and bridge throws if most edits are unusable", async () => {
  for (const [edit, why] of [
    [(text: string) => text, "the response unchanged; return null where none is needed"],
    [() => " ", "an empty text"],
    [
      () => "a wholly different text of many words",
      "a text that differs in 9 words from the response, from which the pair's other response differs in 3",
    ],
  ] as const) {
    await assert.rejects(
      bridged(({ response }) => edit(response)),
      {
        name: "InputError",
        message: `the editor "mine" gave no usable edit for 2 of 2 pairs; for pair "a" it returned ${why}`,
      },
    );
  }
  const found = await bridged(({ response }) => (response === "y z" ? response : "one three"));
  assert.deepEqual([found.edited, found.unusable, found.pairs[1]], [1, 1, pairs[1]]);
});

test("an editor that fails or is invalid is named in the error", async () => {
  await assert.rejects(
    bridged(() => 3 as unknown as string),
    {
      name: "InputError",
      message: 'pair "a": the editor "mine" returned 3; it must return the edited text, or null where none is needed',
    },
  );
  await assert.rejects(
    bridged(() => {
      throw new TypeError("no");
    }),
    { name: "InputError", message: 'pair "a": the editor "mine" threw TypeError: no' },
  );
  await assert.rejects(bridge(pairs, { edit: () => "" } as unknown as Editor), {
    name: "InputError",
    message: /^editor: found \{\}, expected worldEditor\(\)/,
  });
  await assert.rejects(
    bridge(
      pairs,
      editor(() => null),
      { way: "mend" as "improve" },
    ),
    { message: 'way: found "mend", expected one of improve, worsen' },
  );
  await assert.rejects(bridge(pairs, worldEditor()), {
    name: "InputError",
    message:
      /^pair "a": the editor of the synthetic world edits only responses to prompts of the synthetic world, not to "p"/,
  });
});

test("an editor that never answers does not delay an abort", async () => {
  const abort = new AbortController();
  const waiting = bridge(
    pairs,
    editor(async () => {
      setImmediate(() => abort.abort(new Error("stopped")));
      return new Promise<never>(() => {});
    }),
    {},
    { signal: abort.signal },
  );
  await assert.rejects(waiting, { message: "stopped" });
});

test("an edit that only changes spaces at the ends does not count as an edit", async () => {
  for (const way of ["improve", "worsen"] as const) {
    const edits = bridged(({ response }) => `${response} `, { way });
    await assert.rejects(edits, { message: /for pair "a" it returned the response unchanged/ });
    const { pairs: made, unusable } = await bridged(
      ({ response }) => (/^(y|x)/.test(response) ? null : ` ${response}\n`),
      { way },
    );
    assert.deepEqual([made, unusable], [pairs, 1]);
  }
});

test("invalid pairs and options are refused", async () => {
  const good = editor(() => null);
  const refuses = (given: unknown, options: unknown, message: RegExp) =>
    assert.rejects(bridge(given as PreferencePair[], good, options as object), { name: "InputError", message });
  await refuses(null, {}, /^pairs: found null, expected a list of pairs \{id, prompt, chosen, rejected\}/);
  await refuses(
    [pairs[0], { id: "b", prompt: "p", chosen: "x" }],
    {},
    /^pair "b": found .*, expected \{id, prompt, chosen, rejected\}/,
  );
  await refuses([null], {}, /^pair 0: found null, expected/);
  await refuses(pairs, null, /^the options of bridge: found null, expected an object/);
  await refuses(pairs, { seeOther: true }, /^`seeOther` is not an option of bridge; did you mean `seesOther`\?/);
});

const { train } = generateWorld({
  seed: 9,
  trainPrompts: 80,
  validationPrompts: 0,
  heldOutPrompts: 0,
  demonstrations: 0,
});
const gold = ({ prompt }: PreferencePair, text: string) => goldReward(prompt as string, text).total;

test("the world's editor improves responses by small edits and leaves those that need none", async () => {
  const { pairs: made, edited, unneeded, unusable } = await bridge(train, worldEditor());
  assert.ok(edited > 50 && unneeded > 2 && unusable === 0, `${edited} ${unneeded} ${unusable}`);
  for (const [i, pair] of made.entries()) {
    if (pair.chosen === train[i]!.chosen) continue;
    assert.ok(gold(pair, pair.chosen) > gold(pair, pair.rejected));
    assert.ok(editDistance(pair.chosen, pair.rejected) <= editDistance(train[i]!.chosen, train[i]!.rejected));
  }
  const mean = (some: readonly PreferencePair[]) =>
    some.reduce((sum, { chosen, rejected }) => sum + editDistance(chosen, rejected), 0) / some.length;
  assert.ok(mean(made) < 0.85 * mean(train), `${mean(made)} ${mean(train)}`);
  const gains = made.map((pair) => gold(pair, pair.chosen)).reduce((a, b) => a + b) / made.length;
  assert.ok(gains > 0.65, `${gains}`);
});

test("the world's editor can also worsen responses, and edit without seeing the other response", async () => {
  const worse = await bridge(train, worldEditor(), { way: "worsen" });
  const blind = await bridge(train, worldEditor(), { seesOther: false });
  for (const [i, pair] of worse.pairs.entries())
    if (pair.rejected !== train[i]!.rejected) assert.ok(gold(pair, pair.rejected) < gold(pair, pair.chosen));
  for (const [i, pair] of blind.pairs.entries())
    if (pair.chosen !== train[i]!.chosen) assert.ok(gold(pair, pair.chosen) > gold(pair, pair.rejected));
  assert.deepEqual(await bridge(train, worldEditor(), { seesOther: false }), blind);
});

test("the world's editor corrects the faulty sentence and renumbers the steps", async () => {
  const prompt = "cook a soup with rice and peas . use two steps . be polite .";
  const chosen = "of course . first add rice . second mix peas . the soup is ready . thank you .";
  const edit = (response: string, other = chosen) => worldEditor().edit({ prompt, response, other, way: "improve" });
  assert.equal(await edit("hooray ! first add rice . second mix peas . the soup is ready . thank you ."), chosen);
  // A step is removed, and the later ones are renumbered.
  assert.equal(
    await edit("of course . first stir the soup . second add rice . third mix peas . the soup is ready . thank you ."),
    chosen,
  );
  assert.equal(await edit(chosen), null);
});
