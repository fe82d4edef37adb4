import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { resolve } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { parquetMetadata } from "hyparquet";
import { ByteWriter } from "hyparquet-writer";
import { writeMetadata } from "hyparquet-writer/src/metadata.js";
import type { InputError } from "../../src/base/errors.js";
import { readJsonLines } from "../../src/data/json-lines.js";
import { readRows } from "../../src/data/rows.js";
import type { PlacedRow } from "../../src/data/row.js";
import { fileOf, fixture, jsonLines } from "./files.js";

async function read(path: string): Promise<PlacedRow[]> {
  const rows: PlacedRow[] = [];
  for await (const row of readRows(path)) rows.push(row);
  return rows;
}

const fails = (path: string, message: RegExp) => assert.rejects(read(path), { name: "InputError", message });

describe("readRows", () => {
  test("reads JSON Lines with line numbers, and accepts blank lines, CRLF, a BOM and no final newline", async () => {
    const file = fileOf("a.jsonl", '\uFEFF{"a":1}\r\n\n  \n{"a":"ü"}');
    assert.deepEqual(await read(file), [
      { row: { a: 1 }, place: { file, line: 1 } },
      { row: { a: "ü" }, place: { file, line: 4 } },
    ]);
  });

  test("reads gzip of several members under any file name", async () => {
    const file = fileOf("b.jsonl", Buffer.concat([gzipSync('{"a":1}\n{"a"'), gzipSync(":2}\n")]));
    assert.deepEqual(
      (await read(file)).map(({ row }) => row.a),
      [1, 2],
    );
  });

  test("reads back any objects across chunk boundaries", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue()), { minLength: 1 }),
        fc.nat(200_000),
        async (rows, padding) => {
          const all = [{ padding: "é".repeat(padding) }, ...rows];
          const expected = all.map((row) => JSON.parse(JSON.stringify(row)));
          assert.deepEqual(
            (await read(fileOf("c.jsonl", jsonLines(...all)))).map(({ row }) => row),
            expected,
          );
        },
      ),
      { numRuns: 30 },
    );
  });

  for (const codec of ["none", "snappy", "gzip", "zstd", "brotli", "lz4"]) {
    test(`reads Parquet in several row groups, ${codec}`, async () => {
      const file = fixture(`explicit-${codec}.parquet`);
      const rows = await read(file);
      assert.equal(rows.length, 7);
      assert.deepEqual(rows[4], {
        row: { id: 4, prompt: "prompt 4?", chosen: " good 4 é", rejected: " bad 4" },
        place: { file, row: 4 },
      });
    });
  }

  test("reads nested lists and structs of Parquet, and 64-bit integers as numbers", async () => {
    const [first] = await read(fixture("tldr.parquet"));
    assert.equal(first!.row.choice, 1);
    assert.deepEqual(
      (first!.row.summaries as { text: string }[]).map(({ text }) => text),
      [" Keys lost.", " Lost keys, help."],
    );
  });

  test("leaves no file or process open if stopped after the first row", {
    skip: !existsSync("/proc/self/fd") && "open files are not listed here",
  }, async () => {
    // Longer than what is read ahead.
    const lines = jsonLines(...Array.from({ length: 50_000 }, (_, i) => ({ id: i, x: Math.sin(i) })));
    for (const file of [
      fileOf("long.jsonl", lines),
      fileOf("long.jsonl.gz", gzipSync(lines)),
      fixture("explicit-snappy.parquet"),
    ]) {
      for await (const { row } of readRows(file)) {
        assert.equal(row.id, 0);
        assert.equal(readersOf(file), 1);
        break;
      }
      // Files and processes end soon after they are told to.
      for (let tries = 0; readersOf(file) > 0 && tries < 1000; tries++) await wait(10);
      assert.equal(readersOf(file), 0, file);
    }
  });
});

/** Number of this process's open handles of a file, and of child processes whose command names it. */
function readersOf(file: string): number {
  const handles = readdirSync("/proc/self/fd").filter((handle) => {
    try {
      return readlinkSync(`/proc/self/fd/${handle}`) === resolve(file);
    } catch {
      return false; // It has been closed since.
    }
  });
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, "utf8").split(" ").filter(Boolean);
  const commands = children.map((pid) => readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0"));
  return handles.length + commands.filter((command) => command.includes(file)).length;
}

describe("readRows, bad input", () => {
  test("refuses a missing file", () =>
    fails("nowhere/x.jsonl", /^nowhere\/x\.jsonl: no such file in .*; expected a \.jsonl/));

  test("refuses a folder and suggests a file in it", async () => {
    const folder = fileOf("e.jsonl", "").replace(/e\.jsonl$/, "folder");
    mkdirSync(folder);
    await fails(folder, /this is a folder; expected a \.jsonl, \.jsonl\.gz or \.parquet file$/);
    fileOf("folder/train.jsonl", "");
    await fails(folder, /this is a folder; expected .* file such as .*folder\/train\.jsonl$/);
  });

  test("refuses files of other kinds with what they look like and what to do", async () => {
    const kinds: Readonly<Record<string, readonly [content: string | Uint8Array, message: RegExp]>> = {
      "table.jsonl": [
        "prompt,chosen,rejected\nQ,a,b\n",
        /table\.jsonl:1: this looks like a table \(CSV or TSV\); pandas\.read_csv.*; expected one JSON object per line$/,
      ],
      "table.csv": ['"prompt"\t"chosen"\nQ\ta\n', /table\.csv:1: this looks like a table/],
      "pretty.jsonl": [
        '{\n  "prompt": "Q"\n}\n',
        /pretty\.jsonl:1: this looks like JSON whose objects go over several lines; jq -c \. /,
      ],
      "pretty-too.jsonl": [
        '{"prompt": "Q",\n "chosen": "a"}\n',
        /:1: this looks like JSON whose objects go over several lines/,
      ],
      "array.json": ['[\n  {"prompt": "Q"}\n]\n', /array\.json:1: this looks like a JSON array; jq -c '\.\[\]' /],
      "array-too.json": ['[{"prompt": "Q"}]\n', /:1: this looks like a JSON array/],
      "pointer.jsonl": [
        "version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
        /:1: this looks like a pointer of Git LFS/,
      ],
      "page.jsonl": ["<!DOCTYPE html><html></html>\n", /:1: this looks like a web page/],
      "sheet.xlsx": [
        "PK\x03\x04....",
        /sheet\.xlsx: this looks like a zip archive or a spreadsheet; .*; expected a \.jsonl/,
      ],
      "rows.jsonl.zst": [
        Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0),
        /this looks like data compressed by zstd; unpack it/,
      ],
      "rows.arrow": ["ARROW1\0\0", /an Arrow file; write it as Parquet/],
      "words.jsonl": [
        "Dear all, this is no table, I think.\n",
        /words\.jsonl:1: not valid JSON \(.*\); expected one JSON object per line$/,
      ],
      "cut.jsonl": ['{"prompt": "Q", "cho\n', /cut\.jsonl:1: not valid JSON/],
    };
    for (const [name, [content, message]] of Object.entries(kinds)) await fails(fileOf(name, content), message);
    // In a later line, this is a damaged line.
    await fails(fileOf("later.jsonl", '{"a":1}\na,b\n'), /later\.jsonl:2: not valid JSON/);
  });

  test("refuses files without rows", async () => {
    await fails(fileOf("f.jsonl", ""), /f\.jsonl: the file is empty; expected/);
    await fails(fileOf("g.jsonl", "\n\n"), /g\.jsonl: the file has no rows$/);
    await fails(fileOf("h.jsonl.gz", gzipSync("")), /h\.jsonl\.gz: the file has no rows$/);
    await fails(fixture("no-rows.parquet"), /no-rows\.parquet: the file has no rows$/);
  });

  test("refuses gzip that is cut short anywhere, corrupt or not gzip", async () => {
    const whole = gzipSync(jsonLines(...Array.from({ length: 50 }, (_, index) => ({ index, noise: Math.sin(index) }))));
    for (let length = 4; length < whole.length; length += 7) {
      await fails(
        fileOf("i.jsonl.gz", whole.subarray(0, length)),
        /i\.jsonl\.gz: broken gzip file \(unexpected end of file\)/,
      );
    }
    const corrupt = Buffer.from(whole);
    corrupt[corrupt.length - 6]! ^= 1;
    await fails(
      fileOf("j.jsonl.gz", corrupt),
      /: broken gzip file \(incorrect data check\); download or create it again$/,
    );
    await fails(fileOf("k.jsonl.gz", '{"a":1}\n'), /: not a gzip file \(no gzip header\)/);
  });

  test("refuses gzip if its second member has no valid header", async () => {
    const second = gzipSync('{"a":2}\n');
    second[0] = 0;
    await fails(
      fileOf("l.jsonl.gz", Buffer.concat([gzipSync('{"a":1}\n'), second])),
      /broken gzip file \(\d+ trailing bytes that are not gzip\)/,
    );
  });

  test("refuses bad JSON on line 1,000,000 by its line", async () => {
    const file = fileOf("m.jsonl", `${"{}\n".repeat(9_999)}${"\n".repeat(990_000)}{"a":}\n{}\n`);
    await fails(file, /m\.jsonl:1000000: not valid JSON \(Unexpected token .*\); expected one JSON object per line/);
  });

  test("refuses bytes that are not UTF-8 by their line", () =>
    fails(fileOf("n.jsonl", Buffer.from('{"a":"x"}\n{"a":"\xff"}\n', "latin1")), /n\.jsonl:2: not valid UTF-8$/));

  test("refuses values that are not objects", async () => {
    for (const value of ["3", "[1,2]", "null", '"text"']) {
      const message = `:1: found ${value}, expected one JSON object per line`;
      await assert.rejects(read(fileOf("o.jsonl", `${value}\n`)), (error: InputError) =>
        error.message.endsWith(message),
      );
    }
  });

  test("refuses Parquet that is cut short anywhere or is not Parquet", async () => {
    const whole = readFileSync(fixture("ultrafeedback.parquet"));
    for (let length = 1; length < whole.length; length += 61) {
      await fails(
        fileOf("p.parquet", whole.subarray(0, length)),
        /p\.parquet: (the file is empty|not a Parquet file|truncated or damaged Parquet file)/,
      );
    }
    await fails(
      fileOf("q.parquet", whole.subarray(0, 2000)),
      /q\.parquet: truncated or damaged Parquet file \(.*\); download/,
    );
    await fails(fileOf("r.parquet", '{"a":1}\n'), /r\.parquet: not a Parquet file: it begins with .*, not "PAR1"/);
  });

  test("refuses a damaged Parquet row group by its rows", async () => {
    const bytes = readFileSync(fixture("explicit-zstd.parquet"));
    bytes.fill(0xff, 4, 60);
    await fails(fileOf("s.parquet", bytes), /s\.parquet: damaged Parquet row group, rows 0 to 2 \(/);
  });

  test("passes each bad row with its place to a callback and yields the good ones", async () => {
    const file = fileOf("t.jsonl", Buffer.from('{"a":1}\n{"a"\n7\n{"a":"\xff"}\n{"a":2}\n', "latin1"));
    const lines: unknown[] = [];
    const rows: unknown[] = [];
    for await (const { row } of readRows(file, (error, place) => lines.push([place.line, error.name])))
      rows.push(row.a);
    assert.deepEqual(rows, [1, 2]);
    assert.deepEqual(lines, [
      [2, "InputError"],
      [3, "InputError"],
      [4, "InputError"],
    ]);
  });

  test("treats a line that is nested too deeply as one bad row", async () => {
    const file = fileOf("deep.jsonl", `{"a":1}\n{"a":${"[".repeat(100_000)}\n{"a":2}\n`);
    await fails(
      file,
      /deep\.jsonl:2: not valid JSON \(nested more than 128 levels deep\); expected one JSON object per line$/,
    );
    const reasons: string[] = [];
    const rows: unknown[] = [];
    for await (const { row } of readRows(file, (error) => void reasons.push(error.message))) rows.push(row.a);
    assert.deepEqual([rows, reasons.length], [[1, 2], 1]);
  });

  test("refuses an overlong line of a gzip file in bounded memory, and can read the other lines", async () => {
    const zeros = gzipSync(Buffer.alloc(200e6, "a"));
    const file = fileOf("bomb.jsonl.gz", Buffer.concat([gzipSync('{"a":1}\n'), zeros, gzipSync('\n{"a":2}\n')]));
    const before = process.memoryUsage.rss();
    await fails(file, /bomb\.jsonl\.gz:2: longer than 16777216 bytes; expected one JSON object per line$/);
    const found: unknown[] = [];
    for await (const { row, place } of readRows(file, ({ message }) => void found.push(message.slice(-60))))
      found.push([row.a, place.line]);
    assert.deepEqual(found, [
      [1, 1],
      "longer than 16777216 bytes; expected one JSON object per line".slice(-60),
      [2, 3],
    ]);
    assert.ok(process.memoryUsage.rss() - before < 400e6, `${(process.memoryUsage.rss() - before) / 1e6} MB`);
  });

  test("limits lines at exactly the given length, wherever the chunks end", async () => {
    const text = '{"a":1}\n{"a":"12345"}\n{"a":"123456"}\n\n{"a":2}';
    for (let size = 1; size <= text.length; size++) {
      const chunks = async function* () {
        for (let at = 0; at < text.length; at += size) yield Buffer.from(text.slice(at, at + size));
      };
      const found: unknown[] = [];
      for await (const batch of readJsonLines("f", chunks(), ({ message }) => void found.push(message), 13)) {
        for (const { row, place } of batch) found.push([row.a, place.line]);
      }
      assert.deepEqual(
        found,
        [[1, 1], ["12345", 2], "f:3: longer than 13 bytes; expected one JSON object per line", [2, 5]],
        `chunks of ${size}`,
      );
    }
  });

  test("leaves no unhandled rejection after a Parquet column that the schema lacks", async () => {
    const file = fileOf(
      "column.parquet",
      Buffer.from(
        readFileSync(fixture("explicit-none.parquet"))
          .toString("latin1")
          .replace(/rejected(?=[^]*PAR1$)/g, (name, at, all: string) =>
            at > all.lastIndexOf("rejected") - 1 ? "rejectee" : name,
          ),
        "latin1",
      ),
    );
    const unhandled: unknown[] = [];
    const listen = (reason: unknown) => void unhandled.push(reason);
    process.on("unhandledRejection", listen);
    await fails(
      file,
      /column\.parquet: damaged Parquet row group, rows 6 to 6 \(parquet schema element not found: rejectee\)/,
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    process.off("unhandledRejection", listen);
    assert.deepEqual(unhandled, []);
  });

  test("refuses Parquet that declares a billion rows, in bounded memory", async () => {
    const bytes = readFileSync(fixture("explicit-none.parquet"));
    const data = bytes.subarray(0, bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8));
    const metadata = parquetMetadata(Uint8Array.from(bytes).buffer);
    const footer = new ByteWriter();
    writeMetadata(footer, {
      ...metadata,
      num_rows: 1_000_000_000n,
      row_groups: [{ ...metadata.row_groups[0]!, num_rows: 1_000_000_000n }],
    });
    const magic = Buffer.from("PAR1");
    const file = fileOf("billion.parquet", Buffer.concat([data, new Uint8Array(footer.getBuffer()), magic]));
    const before = process.memoryUsage.rss();
    await fails(
      file,
      /billion\.parquet: takes more than (513 MB of memory|21 s) to read; the file is damaged, or its row groups are too large/,
    );
    assert.ok(process.memoryUsage.rss() - before < 1.5e9);
  });
});
