import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { convertedSplits, datasetSplits, type DatasetSplits } from "../../src/data/hub-splits.js";

type Splits = Record<string, string[]>;

/** The splits that Python's `datasets` finds. */
const python = JSON.parse(readFileSync("test/fixtures/hub-splits/splits.json", "utf8")) as {
  names: { what: string; paths: string[]; splits: Splits }[];
  card: { paths: string[]; data_files: unknown; splits: Splits };
};

const plain = (splits: DatasetSplits) =>
  Object.fromEntries([...splits.configs].map(([config, files]) => [config, Object.fromEntries(files)]));

describe("the splits of a dataset match Python's datasets", () => {
  for (const { what, paths, splits } of python.names) {
    test(`by the names of the files: ${what}`, () => {
      const found = datasetSplits(["README.md", ...paths], {});
      assert.equal(found.usual, "default");
      assert.deepEqual(plain(found)["default"], splits);
    });
  }

  test("by the patterns of the card", () => {
    const { paths, data_files, splits } = python.card;
    const found = datasetSplits(paths, { configs: [{ config_name: "only", data_files }] });
    assert.deepEqual([found.usual, plain(found)], ["only", { only: splits }]);
  });
});

describe("configurations", () => {
  test("are the folders that are not named after a split", () => {
    const paths = [
      "harmless/train.jsonl",
      "harmless/test.jsonl",
      "red-team/attempts.jsonl",
      "train/a.jsonl",
      "data/x.jsonl",
    ];
    assert.deepEqual(plain(datasetSplits(paths, undefined)), {
      default: { train: ["train/a.jsonl"] },
      harmless: { test: ["harmless/test.jsonl"], train: ["harmless/train.jsonl"] },
      "red-team": { train: ["red-team/attempts.jsonl"] },
    });
  });

  test("of the card have a default: the one named or marked so, or the only one", () => {
    const paths = ["a/train.jsonl", "b/train.jsonl"];
    const config = (name: string, more = {}) => ({ config_name: name, data_files: `${name[0]}/*`, ...more });
    const usual = (...configs: unknown[]) => datasetSplits(paths, { configs }).usual;
    assert.equal(usual(config("a"), config("b")), undefined);
    assert.equal(usual(config("a"), config("b", { default: true })), "b");
    assert.equal(usual(config("a")), "a");
    assert.equal(usual(config("a"), { config_name: "default", data_files: "b/*" }), "default");
    assert.equal(usual(config("a"), { config_name: "default", data_files: "no/*" }), "a");
  });

  test("of the card may have a folder, with or without patterns", () => {
    const paths = ["a/train.jsonl", "a/test.jsonl", "b/rows.jsonl"];
    const configs = [
      { config_name: "a", data_dir: "a" },
      { config_name: "b", data_dir: "./b/", data_files: ["*.jsonl"] },
    ];
    assert.deepEqual(plain(datasetSplits(paths, { configs })), {
      a: { test: ["a/test.jsonl"], train: ["a/train.jsonl"] },
      b: { train: ["b/rows.jsonl"] },
    });
  });

  test("ignore a card with no files or invalid ones", () => {
    for (const card of [undefined, null, {}, { configs: [] }, { configs: "x" }, { configs: [{ config_name: 3 }] }]) {
      assert.deepEqual(plain(datasetSplits(["rows.jsonl"], card)), { default: { train: ["rows.jsonl"] } });
    }
  });

  test("contain only JSON Lines and Parquet files", () => {
    const paths = ["train.csv", "train.json", "script.py", "train.arrow", "jsonl"];
    assert.deepEqual(datasetSplits(paths, {}), { configs: new Map(), usual: undefined });
    assert.deepEqual(
      datasetSplits(paths, { configs: [{ config_name: "default", data_files: "*" }] }).configs,
      new Map(),
    );
  });

  test("may have patterns with characters that are special in regular expressions", () => {
    const paths = ["a+b (1).jsonl", "a+b (12).jsonl", "{x}.jsonl", "dir/a.jsonl"];
    const files = (path: string) =>
      plain(datasetSplits(paths, { configs: [{ config_name: "c", data_files: path }] }))["c"]?.["train"];
    assert.deepEqual(files("a+b (?).jsonl"), ["a+b (1).jsonl"]);
    assert.deepEqual(files("{x}.jsonl"), ["{x}.jsonl"]);
    assert.deepEqual(files("./dir/**"), ["dir/a.jsonl"]);
    assert.deepEqual(files("**/a.jsonl"), ["dir/a.jsonl"]);
    assert.deepEqual(files("[!a{]*/*"), ["dir/a.jsonl"]);
    assert.equal(files("[z-a].jsonl"), undefined);
    assert.equal(files("a+b .1..jsonl"), undefined);
  });
});

test("the hub's Parquet conversion has configurations and splits by its paths", () => {
  const paths = [
    "default/train/0001.parquet",
    "default/train/0000.parquet",
    "default/partial-test/0000.parquet",
    "en/train/0000.parquet",
    "README.md",
    "x.parquet",
  ];
  const splits = convertedSplits(paths);
  assert.equal(splits.usual, "default");
  assert.deepEqual(plain(splits), {
    default: {
      "partial-test": ["default/partial-test/0000.parquet"],
      train: ["default/train/0000.parquet", "default/train/0001.parquet"],
    },
    en: { train: ["en/train/0000.parquet"] },
  });
});
