import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parquetWriteBuffer } from "hyparquet-writer";
import { skippedReasons, skippedSummary } from "../../src/data/bad-rows.js";
import { detectFormat } from "../../src/data/formats/index.js";
import { loadDemonstrations } from "../../src/data/load-demonstrations.js";
import { loadPreferences } from "../../src/data/load-preferences.js";
import { loadPrompts } from "../../src/data/load-prompts.js";
import { tokenizePairs } from "../../src/data/tokenize.js";
import type { Message } from "../../src/model/tokenizer/chat/chat.js";
import { compileChatTemplate } from "../../src/model/tokenizer/chat/chat-template.js";
import { tokenizerDigest } from "../../src/model/policy/fingerprint.js";
import { byteTokenizer } from "./byte-tokenizer.js";
import { fileOf, fixture, jsonLines } from "./files.js";

let files = 0;
const load = (...rows: object[]) => loadPreferences(fileOf(`layout-${++files}.jsonl`, jsonLines(...rows)));
const user = (content: string) => ({ role: "user", content });
const answer = (content: string) => ({ role: "assistant", content });

describe("layouts of preference pairs", () => {
  test("Orca's pairs are conversations, with a system turn if its text is not empty", async () => {
    const row = { question: "Q", chosen: "a", rejected: "b" };
    const { pairs } = await load({ system: "S", ...row }, { system: "", ...row });
    assert.deepEqual(
      pairs.map(({ prompt }) => prompt),
      [[{ role: "system", content: "S" }, user("Q")], [user("Q")]],
    );
  });

  test("Alpaca's input follows its instruction; history comes before both", async () => {
    const { pairs } = await load(
      { instruction: "I", input: "x", chosen: "a", rejected: "b" },
      { instruction: "I", input: "", chosen: "a", rejected: "b" },
    );
    assert.deepEqual(
      pairs.map(({ prompt }) => prompt),
      ["I\n\nx", "I"],
    );
    const columns = [
      { instruction: "", input: "x" },
      { instruction: null, input: "x" },
      { instruction: "x", question: "" },
      { question: "x", instruction: "" },
    ];
    for (const each of columns)
      assert.equal((await load({ ...each, chosen: "a", rejected: "b" })).pairs[0]!.prompt, "x", JSON.stringify(each));
    assert.equal((await load({ prompt: "", chosen: "a", rejected: "b" })).pairs[0]!.prompt, "");
    const { pairs: later } = await load({ prompt: "Q", history: [["q", "r"]], chosen: "a", rejected: "b" });
    assert.deepEqual(later[0]!.prompt, [user("q"), answer("r"), user("Q")]);
  });

  test("a file may mix rows of texts and of messages, in any order", async () => {
    const rows = [
      { prompt: "Q", chosen: "a", rejected: "b" },
      { prompt: [user("Q")], chosen: "a", rejected: "b" },
      { prompt: [user("Q")], chosen: [answer("a")], rejected: [answer("b")] },
    ];
    for (const order of [rows, rows.toReversed()]) {
      const { pairs } = await load(...order);
      const prompts = order.map(({ prompt }) => prompt);
      assert.deepEqual(
        pairs.map(({ prompt, chosen, rejected }) => ({ prompt, chosen, rejected })),
        prompts.map((prompt) => ({ prompt, chosen: "a", rejected: "b" })),
      );
    }
    assert.deepEqual((await load(rows[1]!)).pairs, [{ id: "1", ...rows[1]! }]);
  });

  test("a later row that cannot be read in the file's form is refused with the reason, once for all such rows", async () => {
    const dialogue = (text: string) => `\n\nHuman: hi\n\nAssistant: ${text}`;
    const hh = { chosen: dialogue("yes"), rejected: dialogue("no") };
    const turns = (content: string) => [user("Q"), answer(content)];
    const uf = (content: string) => ({ prompt: "Q", chosen: turns(content), rejected: turns("b") });
    const why = "the file is read as HH-RLHF because of line 1; all rows of a file must have one form";
    const other = `the row has the form UltraFeedback-binarized, but ${why}`;
    const refusal = async (...rows: readonly object[]) => {
      const error = await load(hh, ...rows).then(
        () => assert.fail("no error"),
        (error: Error) => error,
      );
      return error.message.replace(/^.*?jsonl:2: /, "");
    };
    assert.equal(await refusal(uf("a")), other);
    // A row that is malformed in the form that it looks like, or whose markers are lost, is refused as read.
    assert.equal(
      await refusal({ ...uf("a"), rejected: 3 }),
      `field "chosen" is [{"role":"user","content":"Q"},{"role":"assistant","content…; expected text (${why})`,
    );
    const lost = { chosen: "Human: hi you", rejected: "Human: hi there" };
    assert.match(await refusal(lost), /^the dialogues share no prompt up to .* \(the file is read as HH-RLHF because/);
    assert.equal(await refusal({ chosen: 3, rejected: "b" }), `field "chosen" is 3; expected text (${why})`);
    assert.equal(await refusal({ title: "?" }), 'field "chosen" is missing; expected text');

    const rows = [hh, uf("a"), { title: "?" }, uf("c"), uf("d"), uf("e"), uf("f"), uf("g")];
    const file = fileOf("mixed.jsonl", jsonLines(...rows));
    const { skipped } = await loadPreferences(file, { skipBadRows: true });
    assert.deepEqual(skippedReasons(skipped, file), [
      `6 rows (lines 2, 4, 5, 6, 7, …): ${other}`,
      `${file}:3: field "chosen" is missing; expected text`,
    ]);
    assert.equal(
      skippedSummary(skipped, file),
      `7 bad rows; the most common reason, of 6 rows (lines 2, 4, 5, 6, 7, …): ${other}`,
    );
    assert.equal(skippedSummary([skipped[0]!, skipped[2]!], file), `2 bad rows (lines 2, 4): ${other}`);
    assert.equal(skippedSummary(skipped.slice(0, 2), file), `2 bad rows; the first: ${file}:2: ${other}`);
  });

  test("a later row in another form is refused, even if it could be read", async () => {
    const responses = { chosen: "a", rejected: "b" };
    const orders = [
      [
        { prompt: "Q", ...responses },
        { question: "Q", ...responses },
      ],
      [
        { question: "Q", ...responses },
        { prompt: "Q", ...responses },
      ],
    ];
    for (const order of orders)
      await assert.rejects(
        load(...order),
        /jsonl:2: the row has the form .*, but the file is read as .* because of line 1; all rows of a file must have one form$/,
      );
    const filled = { prompt: null, question: "Q", ...responses };
    assert.equal((await load(orders[0]![1]!, filled)).pairs.length, 2);
  });

  test("ShareGPT's turns become a conversation with two responses", async () => {
    const { pairs } = await load({
      conversations: [{ from: "human", value: "Q" }],
      chosen: { from: "gpt", value: "a" },
      rejected: { from: "gpt", value: "b" },
    });
    const pair = { id: "1", prompt: [user("Q")], chosen: "a", rejected: "b" };
    assert.deepEqual(pairs[0], pair);
    const texts = await load({ conversations: [{ from: "human", value: "Q" }], chosen: "a", rejected: "b" });
    assert.deepEqual(texts.pairs[0], pair);
  });

  test("several responses give the best against the worst, and equal scores are refused", async () => {
    const completions = [
      { response: "b", overall_score: 5 },
      { response: "c", overall_score: 8 },
      { response: "d", overall_score: 2 },
    ];
    const { pairs } = await load({ instruction: "Q", completions });
    assert.deepEqual(pairs[0], { id: "1", prompt: "Q", chosen: "c", rejected: "d", chosenScore: 8, rejectedScore: 2 });
    const nectar = await load({
      prompt: "Q",
      answers: [
        { answer: "x", rank: 2 },
        { answer: "y", rank: 1 },
      ],
    });
    assert.deepEqual([nectar.pairs[0]!.chosen, nectar.pairs[0]!.rejected], ["y", "x"]);
    await assert.rejects(
      load({ instruction: "Q", completions: completions.map((each) => ({ ...each, overall_score: 3 })) }),
      /prefers none of its responses/,
    );
  });

  test("UltraFeedback's completions are compared by the first score that two have; the other is reported", async () => {
    const completions = [
      { response: "a", overall_score: 6 },
      { response: "b", overall_score: null, "fine-grained_score": 5 },
      { response: "c", "fine-grained_score": 4 },
    ];
    const { pairs, reading } = await load({ instruction: "Q", completions });
    assert.deepEqual(pairs[0], { id: "1", prompt: "Q", chosen: "b", rejected: "c", chosenScore: 5, rejectedScore: 4 });
    assert.deepEqual(reading.unread, { "completions[].overall_score": 1 });
    assert.ok(
      reading.notes.some((note) =>
        note.includes('1 row (line 1): the completions are compared by "fine-grained_score"'),
      ),
    );
    const usual = await load({
      instruction: "Q",
      completions: [...completions, { response: "d", overall_score: 3, "fine-grained_score": 1 }],
    });
    assert.equal(`${usual.pairs[0]!.chosen} over ${usual.pairs[0]!.rejected}`, "a over d");
    assert.deepEqual(usual.reading.unread, { "completions[].fine-grained_score": 1 });
    await assert.rejects(
      load({ instruction: "Q", completions: completions.slice(0, 2) }),
      /prefers none of its responses/,
    );
  });

  test("HelpSteer's strength below 0 prefers the first response; two ratings of a prompt form a pair", async () => {
    const { pairs } = await load(
      { prompt: "Q", response_1: "a", response_2: "b", preference_strength: -2 },
      { prompt: "Q", response_1: "a", response_2: "b", preference_strength: 1 },
    );
    assert.deepEqual(
      pairs.map(({ chosen }) => chosen),
      ["a", "b"],
    );
    const rated = await load(
      { prompt: "Q", response: "a", helpfulness: 1 },
      { prompt: "Q", response: "b", helpfulness: 4 },
      { prompt: "R", response: "c", helpfulness: 4 },
    );
    assert.deepEqual(rated.pairs, [
      { id: "2", prompt: [user("Q")], chosen: "b", rejected: "a", chosenScore: 4, rejectedScore: 1 },
    ]);
    assert.match(rated.reading.notes.join(), /1 row \(line 3\): a response without a second one/);
  });

  test("scores are read under several names and in several forms; NaN counts as missing and is reported", async () => {
    for (const [chosen, rejected] of [
      ["score_chosen", "score_rejected"],
      ["chosen-rating", "rejected-rating"],
      ["chosen_avg_rating", "rejected_avg_rating"],
    ] as const) {
      const { pairs } = await load({
        chosen: [user("Q"), answer("a")],
        rejected: [user("Q"), answer("b")],
        [chosen]: 5,
        [rejected]: 2,
      });
      assert.deepEqual([pairs[0]!.chosenScore, pairs[0]!.rejectedScore], [5, 2]);
    }
    const rated = await load({
      system: "",
      input: "Q",
      chosen: "a",
      rejected: "b",
      generations: ["b", "a"],
      rating: [3, 9],
    });
    assert.deepEqual([rated.pairs[0]!.chosenScore, rated.pairs[0]!.rejectedScore], [9, 3]);
    const { pairs, reading } = await loadPreferences(
      fileOf("nan.jsonl", '{"prompt":"NaN","chosen":"a","rejected":"b","score_chosen":NaN,"score_rejected":1}\n'),
    );
    assert.deepEqual(pairs[0], { id: "1", prompt: "NaN", chosen: "a", rejected: "b", rejectedScore: 1 });
    assert.match(reading.notes.join(), /"score_chosen" is not a finite number/);
  });

  test("responses without a score are left out and reported once; a row with no preference left is refused", async () => {
    const answers = (...scores: unknown[]) => ({
      instruction: "Q",
      completions: scores.map((overall_score, i) => ({ response: `r${i}`, overall_score })),
    });
    const raw = await loadPreferences(
      fileOf(
        "raw.jsonl",
        [answers(5, null, 2), answers(7, 3, 9)]
          .map((row) => JSON.stringify(row))
          .join("\n")
          .replace("7", "NaN"),
      ),
    );
    assert.deepEqual(
      raw.pairs.map(({ chosen, rejected, chosenScore }) => [chosen, rejected, chosenScore]),
      [
        ["r0", "r2", 5],
        ["r2", "r1", 9],
      ],
    );
    assert.deepEqual(raw.reading.notes, [
      '2 rows (lines 1, 2): a response in "completions" without a score or rank is left out',
    ]);
    const nectar = await load({
      prompt: "Q",
      answers: [{ answer: "x", rank: null }, { answer: "y", rank: 2 }, { answer: "z" }, { answer: "w", rank: 1 }],
    });
    assert.deepEqual([nectar.pairs[0]!.chosen, nectar.pairs[0]!.rejected, nectar.reading.notes.length], ["w", "y", 1]);
    await assert.rejects(
      load(answers(5, null, "N/A")),
      /field "completions\[2\]\.overall_score" is "N\/A"; expected a number/,
    );
    await assert.rejects(
      load(answers(5, null)),
      /field "completions" prefers none of its responses: their scores are 5, none; expected two that differ/,
    );
    const rated = (response: string, helpfulness: unknown) => ({ prompt: "Q", response, helpfulness });
    const helpSteer = await load(rated("a", 1), rated("b", null), rated("c", 3));
    assert.deepEqual(
      [helpSteer.pairs[0]!.chosen, helpSteer.pairs[0]!.rejected, helpSteer.reading.notes],
      ["c", "a", ["1 row (line 2): a response without a rating is left out"]],
    );
  });

  test("for HelpSteer's ratings, the limit and the unread columns count rows", async () => {
    const rated = (prompt: string, helpfulness: number) => ({
      prompt,
      response: `${helpfulness}`,
      helpfulness,
      verbosity: 2,
    });
    const file = fileOf(
      "rated.jsonl",
      jsonLines(rated("P", 1), rated("P", 2), rated("Q", 3), rated("Q", 4), rated("R", 1), rated("R", 4)),
    );
    const { pairs, reading } = await loadPreferences(file, { limit: 4 });
    assert.deepEqual(
      pairs.map(({ chosen }) => chosen),
      ["2", "4"],
    );
    assert.deepEqual(reading.unread, { verbosity: 4 });
    await assert.rejects(loadPreferences(file, { limit: 1 }), /no row makes an example by itself/);
    await assert.rejects(load({ ...rated("P", 1), context: "C" }, rated("P", 2)), /:1: column "context" holds "C"/);
  });

  test("a score with many digits becomes the nearest number", async () => {
    const { pairs } = await loadPreferences(
      fileOf(
        "digits.jsonl",
        '{"prompt":"Q","chosen":"a","rejected":"b","score_chosen":10000000000000001,"score_rejected":-12345678901234567890}\n',
      ),
    );
    assert.deepEqual([pairs[0]!.chosenScore, pairs[0]!.rejectedScore], [1e16, -12345678901234567000]);
    const { pairs: weighted } = await loadPreferences(
      fileOf("digits.jsonl", '{"prompt":"Q","chosen":"a","rejected":"b","n":10000000000000001}\n'),
      { columns: { weight: "n" } },
    );
    assert.deepEqual(weighted[0]!.columns, { weight: 1e16 });
    await assert.rejects(
      load({ prompt: "Q", chosen: "a", rejected: "b", score_chosen: "9" }),
      /field "score_chosen" is "9"; expected a number/,
    );
  });

  test("floats in Parquet tool calls stay floats, and fields that a row lacks stay absent", async () => {
    const { pairs, reading } = await loadPreferences(fixture("tool-calls.parquet"));
    const template =
      "{% for m in messages if m.tool_calls %}{{ m.tool_calls }}{{ m.tool_calls[0].function.arguments | tojson }}{% endfor %}";
    const written = pairs.map(({ prompt }) => compileChatTemplate(template, {})(prompt as readonly Message[], false));
    assert.deepEqual(written, [
      `[{'type': 'function', 'function': {'name': 'f', 'arguments': {'x': 22.0, 'n': 3, 'big': 9007199254740993, 'list': [1.0, 2.5, None]}}}]{"x": 22.0, "n": 3, "big": 9007199254740993, "list": [1.0, 2.5, null]}`,
      `[{'type': 'function', 'function': {'name': 'g', 'arguments': {'city': 'Lima'}}}, {'type': 'function', 'function': {'name': 'h', 'arguments': {}}}]{"city": "Lima"}`,
    ]);
    assert.deepEqual(reading.unread, {});
    assert.equal(pairs[0]!.chosenScore, 8);
  });

  test("long integers keep their digits", async () => {
    const { pairs } = await loadPreferences(
      fileOf("long.jsonl", '{"id":9007199254740993,"prompt":"12345678901234567890","chosen":"a","rejected":"b"}\n'),
    );
    assert.deepEqual([pairs[0]!.id, pairs[0]!.prompt], ["9007199254740993", "12345678901234567890"]);
  });
});

describe("conversations in texts", () => {
  const turns = [user("Q"), answer("a")];
  const others = [user("Q"), answer("b")];

  test("as JSON are read as turns for pairs, demonstrations and prompts, and reported", async () => {
    const row = { chosen: JSON.stringify(turns), rejected: JSON.stringify(others) };
    const { pairs, format, reading } = await load(row, row);
    assert.deepEqual(pairs[0], { id: "1", prompt: [user("Q")], chosen: "a", rejected: "b" });
    assert.equal(format, "TRL conversational, implicit prompt");
    assert.match(
      reading.notes.join(),
      /2 rows \(lines 1, 2\): "chosen" is a conversation in JSON within a text, which is read as its turns/,
    );
    const shown = await loadDemonstrations(fileOf("packed.jsonl", jsonLines({ messages: JSON.stringify(turns) })));
    assert.deepEqual(shown.demonstrations, [{ id: "1", prompt: [user("Q")], response: "a" }]);
    const asked = await loadPrompts(fileOf("packed-prompt.jsonl", jsonLines({ prompt: JSON.stringify([user("Q")]) })));
    assert.deepEqual(asked.prompts[0]!.prompt, [user("Q")]);
  });

  test("in Python's notation or cut short are refused; other JSON stays text", async () => {
    await assert.rejects(
      load({ prompt: "[{'role': 'user', 'content': 'Q'}]", chosen: "a", rejected: "b" }),
      /:1: column "prompt" is a conversation as Python prints it: .*json\.dumps/,
    );
    await assert.rejects(
      load({ prompt: "Q", chosen: '[{"role": "assistant", "conte', rejected: "b" }),
      /:1: column "chosen" begins like a conversation in JSON within a text, and is not JSON/,
    );
    const { pairs } = await load({ prompt: '[{"city": "Lima"}]', chosen: '{"role": "admin"}', rejected: "[1]" });
    assert.deepEqual(pairs[0], { id: "1", prompt: '[{"city": "Lima"}]', chosen: '{"role": "admin"}', rejected: "[1]" });
  });
});

describe("an implicit prompt", () => {
  test("of one word or less is reported", async () => {
    const { reading } = await load(
      { chosen: "The cat sat.", rejected: "The dog ran." },
      { chosen: "Name a pet: cat", rejected: "Name a pet: dog" },
    );
    assert.equal(reading.notes.length, 1);
    assert.match(reading.notes[0]!, /^1 row \(line 1\): the prompt, what both texts begin with, is a word or less/);
  });
});

describe("two texts for the system turn", () => {
  const row = { prompt: "Q", chosen: "a", rejected: "b" };
  const talk = (content: string) => ({
    prompt: [{ role: "system", content }, user("Q")],
    chosen: [answer("a")],
    rejected: [answer("b")],
  });

  test("that agree become one, in columns and in turns", async () => {
    for (const columns of [
      { system: "S", system_prompt: "S" },
      { system: "", system_prompt: "S" },
      { system: null, system_prompt: "S" },
    ]) {
      const { pairs, reading } = await load({ ...row, ...columns });
      assert.deepEqual(pairs[0]!.prompt, [{ role: "system", content: "S" }, user("Q")]);
      assert.deepEqual(reading.unread, {});
    }
    assert.deepEqual((await load({ ...talk("S"), system_prompt: " S " })).pairs[0]!.prompt, talk("S").prompt);
  });

  test("that differ are refused by the names of their columns", async () => {
    await assert.rejects(
      load({ ...row, system: "S", system_prompt: "T" }),
      /:1: columns "system" and "system_prompt" hold different system turns, "S" and "T"; keep one/,
    );
    await assert.rejects(
      load({ ...talk("S"), system_prompt: "T" }),
      /:1: column "system_prompt" is "T", but the conversation begins with another system turn: "S"; keep one/,
    );
    await assert.rejects(
      load({ conversations: [user("Q")], chosen: answer("a"), rejected: answer("b"), system: "S", system_prompt: "T" }),
      /hold different system turns/,
    );
  });
});

describe("unread columns and notes", () => {
  test("Parquet dates are reported as unread; as an id, also within info, they are read in ISO form", async () => {
    const at = new Date("2024-05-06T07:08:09Z");
    const parquet = (...columnData: Parameters<typeof parquetWriteBuffer>[0]["columnData"]) =>
      loadPreferences(fileOf(`dates-${++files}.parquet`, new Uint8Array(parquetWriteBuffer({ columnData }))));
    const texts = ["prompt", "chosen", "rejected"].map((name) => ({ name, data: [name], type: "STRING" as const }));
    const date = (name: string) => ({ name, data: [at], type: "TIMESTAMP" as const });
    const { reading, pairs } = await parquet(...texts, date("id"), date("labelled"));
    assert.deepEqual(reading.unread, { labelled: 1 });
    assert.equal(pairs[0]!.id, at.toISOString());
    const info = { id: at, subreddit: "r", title: "t", post: "p" };
    const summary = { info, summaries: [{ text: "a" }, { text: "b" }], choice: 0 };
    assert.equal(detectFormat(summary).parse(summary, {})!.id, at.toISOString());
    await assert.rejects(
      load({ prompt: "Q", chosen: "a", rejected: "b", id: [1] }),
      /field "id" is \[1\]; expected text or/,
    );
  });

  test("unread columns and message fields are reported once; empty ones are not", async () => {
    const { reading } = await load({
      prompt: [{ ...user("Q"), weight: 1, extra: null }],
      chosen: [answer("a")],
      rejected: [answer("b")],
      model: "m",
      other: "",
    });
    assert.deepEqual(reading.unread, { "prompt[].weight": 1, model: 1 });
  });

  test("text for the model is refused if the form has no place for it", async () => {
    await assert.rejects(
      load({ prompt: "Q", context: "C", chosen: "a", rejected: "b" }),
      /:1: column "context" holds "C"/,
    );
    await assert.rejects(load({ passage: "P", chosen: "x a", rejected: "x b" }), /unknown format/);
    await assert.rejects(load({ prompt: "Q", question: "R", chosen: "a", rejected: "b" }), /hold different prompts/);
    const call = { ...answer(""), tool_calls: [{ function: { name: "f" } }] };
    await assert.rejects(
      load({ prompt: [user("Q")], chosen: [call], rejected: [answer("b")] }),
      /field "chosen" has "tool_calls" in its response/,
    );
  });

  test("duplicates, reversals, contradictions and repeated prompts are counted, with their lines", async () => {
    const row = { prompt: "A long question?", chosen: "a", rejected: "b", score_chosen: 1, score_rejected: 2 };
    const { reading } = await load(
      row,
      row,
      { prompt: row.prompt, chosen: "b", rejected: "a" },
      { prompt: row.prompt, chosen: "A long question? a", rejected: "A long question? b" },
    );
    const counts = reading.notes.map((note) => note.slice(0, 41));
    assert.deepEqual(counts, [
      "1 pair (line 4) whose responses both begi",
      "2 pairs (lines 1, 2) whose scores contrad",
      "1 pair (line 2) equal to an earlier one",
      "1 pair (line 3) that an earlier one rever",
    ]);
  });
});

test("demonstrations are read as conversations or Alpaca rows; other rows are refused with the known forms", async () => {
  const read = (row: object) => loadDemonstrations(fileOf(`sft-${++files}.jsonl`, jsonLines(row)));
  const expected = { id: "1", prompt: [user("Q")], response: "a" };
  for (const row of [
    { messages: [user("Q"), answer("a")] },
    { prompt: [user("Q")], completion: [answer("a")] },
    {
      conversations: [
        { from: "human", value: "Q" },
        { from: "gpt", value: "a" },
      ],
    },
  ]) {
    assert.deepEqual((await read(row)).demonstrations, [expected]);
  }
  assert.deepEqual((await read({ instruction: "I", input: "x", output: "a" })).demonstrations, [
    { id: "1", prompt: "I\n\nx", response: "a" },
  ]);
  await assert.rejects(read({ text: "all of it" }), /expected one of these forms:\n.*\n.*\n.*messages/);
});

test("a tokenizing error names file, line and id, and pairs keep the tokens that a run wrote", async () => {
  const tokenizer = byteTokenizer({ bos: true });
  const { pairs } = await load({ id: "x", prompt: "a long prompt", chosen: "a", rejected: "b" });
  assert.throws(
    () => tokenizePairs(pairs, tokenizer, { contextLength: 8 }),
    /layout-\d+\.jsonl:1: prompt of "x": 14 tokens/,
  );
  const tokens = { tokenizer: tokenizerDigest(tokenizer), prompt: [1, 70], chosen: [71], rejected: [72, 2] };
  const own = await load({
    id: "y",
    prompt: "C",
    chosen: "D",
    rejected: "E",
    chosenReward: 2,
    rejectedReward: 1,
    margin: 1,
    tokens,
  });
  const [pair] = tokenizePairs(own.pairs, tokenizer, { contextLength: 8 }).pairs;
  assert.deepEqual(
    [[...pair!.prompt], [...pair!.chosen], [...pair!.rejected]],
    [tokens.prompt, tokens.chosen, tokens.rejected],
  );
  const others = own.pairs.map((each) => ({ ...each, tokens: { ...tokens, tokenizer: "another" } }));
  assert.throws(() => tokenizePairs(others, tokenizer, { contextLength: 8 }), /the tokens of another tokenizer/);
});
