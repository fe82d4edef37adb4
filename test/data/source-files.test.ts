import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { loadDemonstrations } from "../../src/data/load-demonstrations.js";
import { loadPreferences } from "../../src/data/load-preferences.js";
import { HubServer, type Held } from "../support/hub-server.js";
import { fileOf, fixture, jsonLines } from "./files.js";

const pair = (name: string) => ({ prompt: `prompt ${name}`, chosen: "yes", rejected: "no" });
const rows = (...names: string[]) => jsonLines(...names.map(pair));
const parquet = readFileSync(fixture("explicit-snappy.parquet"));

const held: Held = {
  revisions: {
    main: {
      "easy/train.jsonl.gz": gzipSync(rows("a", "b")),
      "easy/test.jsonl": rows("t"),
      "hard/train.jsonl": rows("c", "d"),
      "notes/rows.jsonl": rows("n"),
    },
    old: { "train.jsonl": rows("old") },
  },
};
const prompts = async (...given: Parameters<typeof loadPreferences>) =>
  (await loadPreferences(...given)).pairs.map(({ prompt }) => prompt);
const downloads = (hub: HubServer) =>
  hub.paths.filter((path) => path.startsWith("/datasets/")).map((path) => path.replace(/.*resolve\/[^/]+\//, ""));

describe("a dataset on the hub", () => {
  test("is read by split, configuration and revision", async (t) => {
    const hub = await HubServer.start(t, { "datasets/org/rows": held });
    const { pairs, format, reading } = await loadPreferences("org/rows");
    assert.deepEqual(reading.notes, []);
    assert.equal(format, "TRL explicit prompt");
    assert.deepEqual(
      pairs.map(({ id, prompt }) => [id, prompt]),
      [
        ["1", "prompt a"],
        ["2", "prompt b"],
        ["1#2", "prompt c"],
        ["2#2", "prompt d"],
      ],
    );
    assert.deepEqual(downloads(hub), ["easy/train.jsonl.gz", "hard/train.jsonl"]);
    assert.deepEqual(await prompts("org/rows", { split: "test" }), ["prompt t"]);
    assert.deepEqual(await prompts("org/rows", { config: "hard" }), ["prompt c", "prompt d"]);
    assert.deepEqual(await prompts("org/rows", { config: "notes" }), ["prompt n"]);
    assert.deepEqual(await prompts("org/rows", { revision: "old" }), ["prompt old"]);
    assert.deepEqual(await prompts("org/rows@old"), ["prompt old"]);
  });

  test("of several files is noted with their names", async (t) => {
    const named = jsonLines({ id: "x", ...pair("a") }, { id: "x", ...pair("b") });
    const files = { "train-0.jsonl": named, "train-1.jsonl": jsonLines({ id: "x", ...pair("c") }) };
    await HubServer.start(t, { "datasets/org/named": { revisions: { main: files } } });
    assert.deepEqual((await loadPreferences("org/named")).reading.notes, [
      '2 rows (train-0.jsonl:2, train-1.jsonl:1): the id is that of an earlier row with another prompt; "#2", "#3", … is added to it',
    ]);
  });

  test("with a limit downloads only the files that it needs", async (t) => {
    const hub = await HubServer.start(t, { "datasets/org/rows": held });
    const told: number[][] = [];
    const onProgress = (done: number, total: number) => void told.push([done, total]);
    assert.deepEqual(await prompts("org/rows", { limit: 2, onProgress }), ["prompt a", "prompt b"]);
    assert.deepEqual(downloads(hub), ["easy/train.jsonl.gz"]);
    const first = gzipSync(rows("a", "b")).length;
    assert.deepEqual(told.at(-1), [first, first + rows("c", "d").length]);
    assert.deepEqual(await prompts("org/rows", { limit: 3, onProgress }), ["prompt a", "prompt b", "prompt c"]);
    assert.equal(told.at(-1)![0], told.at(-1)![1]);
  });

  test("may contain demonstrations or Parquet files", async (t) => {
    await HubServer.start(t, {
      "datasets/org/sft": {
        revisions: { main: { "data/train-00000-of-00001.jsonl": jsonLines({ prompt: "a", completion: "b" }) } },
      },
      "datasets/org/parquet": { revisions: { main: { "data/train-00000-of-00001.parquet": parquet } } },
    });
    assert.deepEqual((await loadDemonstrations("org/sft")).demonstrations, [{ id: "1", prompt: "a", response: "b" }]);
    assert.deepEqual(await prompts("org/parquet"), await prompts(fixture("explicit-snappy.parquet")));
  });

  test("in another format is read from the hub's conversion, unless a revision is requested", async (t) => {
    const converted = { "default/train/0000.parquet": parquet };
    const hub = await HubServer.start(t, {
      "datasets/org/csv": {
        revisions: { main: { "train.csv": "a,b" }, v1: { "train.csv": "a" }, "refs/convert/parquet": converted },
      },
      "datasets/org/code": { revisions: { main: { "load.py": "import os" } } },
    });
    assert.deepEqual(await prompts("org/csv"), await prompts(fixture("explicit-snappy.parquet")));
    assert.deepEqual(downloads(hub), ["default/train/0000.parquet"]);
    await assert.rejects(loadPreferences("org/csv@v1"), {
      message:
        "org/csv@v1: no JSON Lines or Parquet files at this revision; the hub converts other formats only on main: leave the revision out",
    });
    await assert.rejects(
      loadPreferences("org/code"),
      /^InputError: org\/code: the dataset has no JSON Lines or Parquet files, and the hub's Parquet conversion is not available \(.*no revision "refs\/convert\/parquet".*\)$/,
    );
  });

  test("without the requested split or configuration is refused with the available ones", async (t) => {
    const named = {
      "data/train_sft-00000-of-00001.jsonl": rows("a"),
      "data/train_prefs-00000-of-00001.jsonl": rows("b"),
    };
    const configs = ["a", "b"].map((name) => ({ config_name: name, data_files: `${name}/*` }));
    await HubServer.start(t, {
      "datasets/org/rows": held,
      "datasets/org/named": { revisions: { main: named } },
      "datasets/org/carded": {
        revisions: { main: { "a/x.jsonl": rows("a"), "b/x.jsonl": rows("b") } },
        card: { configs },
      },
    });
    await assert.rejects(loadPreferences("org/rows", { split: "validation" }), {
      message:
        'org/rows: no split "validation"; set split to one of "test", "train", or choose another config than "default"',
    });
    await assert.rejects(loadPreferences("org/rows", { config: "medium" }), {
      message: 'org/rows: no configuration "medium"; set config to one of "default", "easy", "hard", "notes"',
    });
    await assert.rejects(loadPreferences("org/named"), {
      message: 'org/named: no split given; set split to one of "train_prefs", "train_sft"',
    });
    assert.deepEqual(await prompts("org/named", { split: "train_prefs" }), ["prompt b"]);
    await assert.rejects(loadPreferences("org/carded"), {
      message: 'org/carded: several configurations; set config to one of "a", "b"',
    });
    assert.deepEqual(await prompts("org/carded", { config: "b" }), ["prompt b"]);
  });

  test("with card patterns that take too long to match is refused", async (t) => {
    const path = `${"a".repeat(60)}.jsonl`;
    const card = { configs: [{ config_name: "default", data_files: `${"*a".repeat(30)}b` }] };
    await HubServer.start(t, {
      "datasets/org/rows": {
        revisions: { main: { [path]: jsonLines({ prompt: "a", chosen: "b", rejected: "c" }) } },
        card,
      },
    });
    await assert.rejects(loadPreferences("org/rows"), {
      name: "InputError",
      message: "org/rows: the patterns in the dataset's card take more than 10 s to match its 1 files",
    });
  });

  test("without rows, even in the hub's conversion, is refused", async (t) => {
    await HubServer.start(t, {
      "datasets/org/rows": { revisions: { main: { "a.csv": "x" }, "refs/convert/parquet": { "README.md": "x" } } },
    });
    await assert.rejects(loadPreferences("org/rows"), {
      name: "InputError",
      message: "org/rows: the dataset has no JSON Lines or Parquet files, and neither has the hub's Parquet conversion",
    });
  });

  test("is read from the cache offline, and missing files are named", async (t) => {
    await HubServer.start(t, { "datasets/org/rows": held });
    await loadPreferences("org/rows", { limit: 2 });
    process.env["HF_HUB_OFFLINE"] = "1";
    assert.deepEqual(await prompts("org/rows", { config: "easy" }), ["prompt a", "prompt b"]);
    await assert.rejects(
      loadPreferences("org/rows"),
      /org\/rows: HF_HUB_OFFLINE=1, but hard\/train\.jsonl is not in the cache /,
    );
    await assert.rejects(
      loadPreferences("org/other"),
      /org\/other: HF_HUB_OFFLINE=1, but revision "main" is not in the cache /,
    );
  });

  test("with a bad row is refused by the name of the cached file", async (t) => {
    await HubServer.start(t, { "datasets/org/bad": { revisions: { main: { "train.jsonl": `${rows("a")}{}\n` } } } });
    await assert.rejects(
      loadPreferences("org/bad"),
      /datasets--org--bad\/snapshots\/[0-9a-f]{40}\/train\.jsonl:2: field "prompt" is missing/,
    );
  });
});

describe("a file", () => {
  const file = fileOf("local.jsonl", rows("a", "b"));

  test("has no config, split or revision to choose", async () => {
    for (const option of ["config", "split"]) {
      const expected = `${file}: this is a file; ${option} applies only to datasets on the hub (org/name)`;
      await assert.rejects(loadPreferences(file, { [option]: "train" }), { message: expected });
    }
    await assert.rejects(loadPreferences(file, { revision: "main" }), /this is a local path; revision applies only/);
  });

  test("is not read if its signal is aborted", async () => {
    const reason = new Error("interrupted");
    await assert.rejects(loadPreferences(file, { signal: AbortSignal.abort(reason) }), (error) => error === reason);
  });
});
