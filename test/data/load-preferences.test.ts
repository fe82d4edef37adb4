import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { loadPreferences } from "../../src/data/load-preferences.js";
import { fileOf, fixture, jsonLines } from "./files.js";

const good = (name: string) => ({ prompt: `prompt ${name}`, chosen: "yes", rejected: "no" });

/** The notes on rows of a form with three texts. */
async function notesOn(...rows: readonly object[]): Promise<readonly string[]> {
  return (await loadPreferences(fileOf("noted.jsonl", jsonLines(...rows)))).reading.notes;
}

describe("loadPreferences", () => {
  test("returns the pairs of a file and its format", async () => {
    const { pairs, format, skipped } = await loadPreferences(fileOf("a.jsonl", jsonLines(good("a"), good("b"))));
    assert.equal(format, "TRL explicit prompt");
    assert.deepEqual(pairs, [
      { id: "1", ...good("a") },
      { id: "2", ...good("b") },
    ]);
    assert.deepEqual(skipped, []);
  });

  test("reads UltraFeedback in Parquet and makes repeated prompt ids unique", async () => {
    const { pairs, format } = await loadPreferences(fixture("ultrafeedback.parquet"));
    assert.equal(format, "UltraFeedback-binarized");
    assert.deepEqual(
      pairs.map(({ id, rejected, rejectedScore }) => [id, rejected, rejectedScore]),
      [
        ["a", "What?", 3],
        ["a#2", "No.", 2],
      ],
    );
  });

  test("keeps ids unique even if a row's id looks like a repetition", async () => {
    const rows = ["a", "a", "a#2", "a"].map((id) => ({ id, ...good(id) }));
    const { pairs } = await loadPreferences(fileOf("b.jsonl", jsonLines(...rows)));
    assert.deepEqual(
      pairs.map(({ id }) => id),
      ["a", "a#2", "a#2#2", "a#3"],
    );
  });

  test("notes the lines of the first rows whose id an earlier row has", async () => {
    const ids = ["a", "b", "a", "c", "b", "a", "a", "a", "a"];
    assert.deepEqual(await notesOn(...ids.slice(0, 4).map((id, i) => ({ id, ...good(`${i}`) }))), [
      '1 row (line 3): the id is that of an earlier row with another prompt; "#2", "#3", … is added to it',
    ]);
    assert.deepEqual(await notesOn(...ids.map((id, i) => ({ id, ...good(`${i}`) }))), [
      '6 rows (lines 3, 5, 6, 7, 8, …): the id is that of an earlier row with another prompt; "#2", "#3", … is added to it',
    ]);
    assert.deepEqual(await notesOn({ id: 2, ...good("a") }, good("b")), [
      '1 row (line 2): the id is that of an earlier row with another prompt; "#2", "#3", … is added to it',
    ]);
    assert.deepEqual(await notesOn({ id: 2, ...good("a") }, { id: 2, ...good("a"), rejected: "never" }), []);
  });

  test("reads responses of white space, notes their lines, and refuses empty ones, in dialogues as in fields", async () => {
    const dialogue = (text: string) => `\n\nHuman: hi\n\nAssistant:${text}`;
    const blank = "1 pair (line 2) with a blank response (white space only), which is trained on as any other";
    const pair = (rejected: string) => ({ prompt: "hi", chosen: "yes", rejected });
    const talk = (rejected: string) => ({ chosen: dialogue(" yes"), rejected: dialogue(rejected) });
    for (const row of [pair, talk]) {
      assert.deepEqual(await notesOn(row(" no"), row(" ")), [blank]);
      await assert.rejects(notesOn(row(" no"), row("")), /noted\.jsonl:2: /);
    }
    assert.deepEqual(await notesOn(pair("no"), { prompt: "hi", chosen: "\n", rejected: "no" }), [blank]);
  });

  test("stops at the given number of pairs, and refuses invalid limits", async () => {
    const file = fileOf("c.jsonl", jsonLines(good("a"), { prompt: 1 }, good("b"), good("c"), 5));
    const { pairs, skipped } = await loadPreferences(file, { limit: 2, skipBadRows: true });
    assert.deepEqual(
      pairs.map(({ id }) => id),
      ["1", "3"],
    );
    assert.equal(skipped.length, 1);
    for (const limit of [0, -1, 1.5, NaN]) {
      await assert.rejects(loadPreferences(file, { limit }), {
        message: `limit: found ${limit}, expected a whole number of at least 1`,
      });
    }
  });

  test("throws at the first bad row, or skips and lists all of them", async () => {
    const rows = [
      { title: "?" },
      good("a"),
      { prompt: "x", chosen: "y" },
      { ...good("b"), rejected: "yes" },
      { ...good("c"), chosen: "" },
      { ...good("d"), prompt: 3 },
    ];
    const file = fileOf("d.jsonl", `${jsonLines(...rows)}{"prompt\n[1]\n${jsonLines(good("e"))}`);
    await assert.rejects(
      loadPreferences(file),
      /d\.jsonl:1: unknown format: the row has the fields \["title"\]; supported formats:/,
    );
    const { pairs, skipped } = await loadPreferences(file, { skipBadRows: true });
    assert.deepEqual(
      pairs.map(({ prompt }) => prompt),
      ["prompt a", "prompt e"],
    );
    assert.deepEqual(
      skipped.map(({ place }) => place.line),
      [1, 3, 4, 5, 6, 7, 8],
    );
    assert.match(skipped[1]!.reason, /d\.jsonl:3: field "rejected" is missing; expected text/);
    assert.match(skipped[4]!.reason, /d\.jsonl:6: field "prompt" is 3; expected text/);
  });

  test("treats text in Parquet that is not UTF-8 as one bad row", async () => {
    await assert.rejects(
      loadPreferences(fixture("not-utf8.parquet")),
      /not-utf8\.parquet, row 1: field "prompt" is not valid UTF-8; expected text/,
    );
    const { pairs } = await loadPreferences(fixture("not-utf8.parquet"), { skipBadRows: true });
    assert.deepEqual(
      pairs.map(({ prompt }) => prompt),
      ["fine", "fine again"],
    );
  });

  test("allows 10,000 bad rows or ten per good row, whichever is more", async () => {
    const good = (count: number) =>
      Array.from({ length: count }, (_, i) => JSON.stringify({ prompt: `${i}`, chosen: "b", rejected: "c" }));
    const bad = (count: number) => Array.from({ length: count }, () => "1");
    const load = (...lines: readonly string[]) =>
      loadPreferences(fileOf("many.jsonl", lines.join("\n")), { skipBadRows: true });
    assert.equal((await load(...bad(10_000), ...good(1))).skipped.length, 10_000);
    assert.equal((await load(...good(2000), ...bad(20_000))).skipped.length, 20_000);
    await assert.rejects(load(...good(3), ...bad(10_001), ...good(5000)), {
      name: "InputError",
      message:
        /many\.jsonl: 10001 of the first 10004 rows are bad; the first: .*many\.jsonl:4: found 1, expected one JSON object per line$/,
    });
    await assert.rejects(load(...good(2000), ...bad(20_001)), { message: /20001 of the first 22001 rows are bad/ });
  });

  test("throws if no row is good, even if bad rows are skipped", () =>
    assert.rejects(
      loadPreferences(fileOf("e.jsonl", jsonLines({ a: 1 }, 2)), { skipBadRows: true }),
      /e\.jsonl: all 2 rows are bad; the first: .*e\.jsonl:1: unknown format: the row has the fields \["a"\]/,
    ));
});
