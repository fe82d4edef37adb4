import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Random } from "../../src/base/random.js";
import { parseColumnNames } from "../../src/data/columns.js";
import { flipLabels } from "../../src/data/flip-labels.js";
import { loadPreferences } from "../../src/data/load-preferences.js";
import { tokenizePairs } from "../../src/data/tokenize.js";
import { byteTokenizer } from "../support/tiny-model.js";
import { fileOf, jsonLines } from "./files.js";

const row = (own: object) => ({ prompt: "p", chosen: "yes", rejected: "no", ...own });
const columns = { weight: "annotators", labelSmoothing: "doubt" };

describe("columns of preference pairs", () => {
  it("are read under the names that a loss reads, and kept by label flips and tokenization", async () => {
    const { pairs } = await loadPreferences(
      fileOf("columns.jsonl", jsonLines(row({ annotators: 3, doubt: 0.25 }), row({ annotators: 0, doubt: 0 }))),
      { columns },
    );
    const expected = [
      { weight: 3, labelSmoothing: 0.25 },
      { weight: 0, labelSmoothing: 0 },
    ];
    assert.deepEqual(
      pairs.map((pair) => pair.columns),
      expected,
    );
    const flipped = flipLabels(pairs, 1, Random.seeded(1));
    assert.deepEqual(
      tokenizePairs(flipped, byteTokenizer, { contextLength: 48 }).pairs.map((pair) => pair.columns),
      expected,
    );
  });

  it("that are missing or not numbers make a bad row, which can be skipped", async () => {
    const file = fileOf(
      "bad-columns.jsonl",
      jsonLines(row({ annotators: 1, doubt: 0 }), row({ annotators: "many", doubt: 0 }), row({ annotators: 1 })),
    );
    await assert.rejects(loadPreferences(file, { columns }), {
      name: "InputError",
      message: /bad-columns\.jsonl:2: column "annotators" is "many"; expected a number/,
    });
    const { pairs, skipped } = await loadPreferences(file, { columns, skipBadRows: true });
    assert.equal(pairs.length, 1);
    assert.match(skipped[1]!.reason, /bad-columns\.jsonl:3: column "doubt" is missing; expected a number/);
  });

  it("given as null are refused", async () => {
    const file = fileOf("null-columns.jsonl", '{"prompt":"Q","chosen":"a","rejected":"b"}\n');
    await assert.rejects(loadPreferences(file, { columns: null as never }), {
      name: "InputError",
      message: /^columns: found null, expected the file's column for each name/,
    });
  });

  it("are refused unless given as an object of names", async () => {
    for (const names of [["weight"], "weight", { weight: 1 }, { weight: "" }]) {
      await assert.rejects(loadPreferences("none.jsonl", { columns: names as never }), {
        name: "InputError",
        message: /^columns: found /,
      });
    }
  });

  it("are given on the command line as a comma-separated list", () => {
    assert.deepEqual(parseColumnNames("weight"), { weight: "weight" });
    assert.deepEqual(parseColumnNames("weight, labelSmoothing=doubt"), { weight: "weight", labelSmoothing: "doubt" });
    for (const bad of ["", "a,", "a=b=c", "=a", "a=", "a,a=b"]) assert.equal(parseColumnNames(bad), undefined, bad);
  });
});
