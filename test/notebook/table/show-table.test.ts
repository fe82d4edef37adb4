import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { desc, table } from "arquero";
import fc from "fast-check";
import { InputError } from "../../../src/base/errors.js";
import { displaySymbol, type MimeBundle } from "../../../src/base/mime.js";
import { showTable, type TableView } from "../../../src/notebook/table/show-table.js";
import type { TableInput } from "../../../src/notebook/table/source.js";
import { onlyOurMarkup, textOf } from "../markup.js";

const shown = (input: TableInput, view?: TableView) => showTable(input, view)[displaySymbol]() as MimeBundle;
const text = (input: TableInput, view?: TableView) => shown(input, view)["text/plain"];
const page = (input: TableInput, view?: TableView) => shown(input, view)["text/html"] as string;

const margins = [
  { id: "a", margin: 0.5, kept: true },
  { id: "bc", margin: -12.25, kept: false },
];
const numbers = (count: number) => table({ i: Array.from({ length: count }, (_, i) => i) });

describe("as text", () => {
  it("columns are aligned, numbers to the right", () => {
    assert.equal(
      text(margins),
      ["id  margin  kept", "──  ──────  ─────", "a     0.50  true", "bc  -12.25  false", "2 rows × 3 columns"].join(
        "\n",
      ),
    );
  });

  it("long tables show their head, wide ones their first columns", () => {
    const lines = (text(numbers(2000)) as string).split("\n");
    assert.deepEqual([lines.length, lines.at(-2), lines.at(-1)], [13, "9", "2,000 rows × 1 column · rows 1–10"]);
    const wide = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`column${i}`, [i]]));
    const widest = (text(table(wide)) as string).split("\n");
    assert.equal(widest.at(-1), "1 row × 60 columns · the first 13 columns");
    assert.ok(widest.slice(0, -1).every((line) => line.length <= 120));
  });

  it("columns without values are left out and named, if other columns have values", () => {
    const rows = [
      { method: "start", goldReward: null, seconds: 1.5 },
      { method: "DPO", seconds: 2.25 },
    ];
    const table = ["method  seconds", "──────  ───────", "start      1.50", "DPO        2.25"];
    assert.equal(text(rows), [...table, "2 rows × 3 columns · without values: goldReward"].join("\n"));
    assert.doesNotMatch(page(rows), /<small>empty/);
    const late = [...Array.from({ length: 30 }, () => ({ a: 1, b: null as number | null })), { a: 1, b: 2 }];
    assert.match(page(late), /b<br>/);
    assert.match(text([{ a: null }]) as string, /^a\n─\n–\n/);
  });

  it("a table without rows shows its header, and one without columns its size", () => {
    assert.equal(text(table({ a: [], bc: [] })), "a  bc\n─  ──\n0 rows × 2 columns");
    assert.equal(text([]), "0 rows × 0 columns");
  });
});

describe("as HTML", () => {
  it("cells state their alignment, and cut texts have the full text as their title", () => {
    const markup = page(
      [
        { id: "x".repeat(70), loss: 1.5, gone: null },
        { id: "y", loss: 2, gone: "z" },
      ],
      {
        title: "Loss",
      },
    );
    const left = ' style="text-align:left;white-space:nowrap"';
    assert.match(markup, /<div style="font-weight:600[^"]*">Loss<\/div>/);
    assert.ok(
      markup.includes(
        `<th${left}>id<br><small>text</small></th><th>loss<br><small>number</small></th><th${left}>gone<br>`,
      ),
    );
    assert.ok(markup.includes(`<td${left} title="${"x".repeat(70)}">${"x".repeat(59)}…</td><td>1.5</td>`));
    assert.ok(markup.includes(`<td${left}><span style="opacity:0.4">–</span></td>`));
    assert.doesNotMatch(markup, /<input|<script|hidden="/);
  });

  it("the first nine pages and the last one can be opened, and only the first is open", () => {
    const markup = page(numbers(2000));
    assert.equal([...markup.matchAll(/<section style="overflow-x:auto">/g)].length, 1);
    assert.equal([...markup.matchAll(/<section style="overflow-x:auto" hidden="hidden">/g)].length, 9);
    assert.equal([...markup.matchAll(/ checked>/g)].length, 1);
    assert.deepEqual(
      [...markup.matchAll(/checked>(\d+)|page">(\d+)|(…)</g)].map(([, a, b, c]) => a ?? b ?? c).join(" "),
      "1 2 3 4 5 6 7 8 9 … 100",
    );
    assert.match(markup, /2,000 rows × 1 column · rows 1,981–2,000/);
    assert.match(markup, /<td>1,999<\/td>/);
  });

  it("the requested page is open, and no gap is shown before a last page that follows it", () => {
    const markup = page(numbers(95), { page: 4, pageSize: 30 });
    assert.doesNotMatch(markup, /<label/);
    assert.match(markup, /95 rows × 1 column · rows 91–95/);
    const two = page(numbers(95), { page: 3, pageSize: 30 });
    assert.deepEqual(
      [...two.matchAll(/rows (\d+–\d+)</g)].map(([, range]) => range),
      ["61–90", "91–95"],
    );
    assert.doesNotMatch(two, /…/);
  });

  it("the output is limited in rows, characters and columns", () => {
    const rows = (markup: string) => [...markup.matchAll(/<tr>/g)].length - [...markup.matchAll(/<thead>/g)].length;
    assert.equal(rows(page(numbers(1e6), { pageSize: 400 })), 800);
    const heavy = table({ text: Array.from({ length: 2000 }, () => "long ".repeat(5000)) });
    assert.ok(page(heavy).length < 400_000);
    const wide = table(Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`column${i}`, [i]])));
    assert.match(page(wide), /1 row × 60 columns · the first 50 columns</);
  });

  it("nothing in the data becomes markup", () => {
    const field = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom("<script>", '" onclick="', "</table>", "&lt;", "<style>"),
    );
    fc.assert(
      fc.property(field, field, field, (name, value, title) => {
        fc.pre(name !== "__proto__");
        onlyOurMarkup(
          page([{ [name]: value, long: value.repeat(80), list: [value], object: { [name]: value } }], { title }),
        );
      }),
    );
  });
});

describe("showTable", () => {
  it("shows filtered and ordered rows and names the groups", () => {
    const ordered = table({ a: [1, 2, 3, 4] })
      .filter((row: { a: number }) => row.a > 1)
      .orderby(desc("a"));
    assert.equal(text(ordered), "a\n─\n4\n3\n2\n3 rows × 1 column");
    assert.equal(
      text(table({ a: [1], b: ["x"] }).groupby("b", "a")),
      "a  b\n─  ─\n1  x\n1 row × 2 columns · grouped by b, a",
    );
  });

  it("accepts rows with different fields", () => {
    assert.equal(text([{ a: 1 }, { b: "x" }]), "a  b\n─  ─\n1  –\n–  x\n2 rows × 2 columns");
  });

  it("refuses other inputs and a page or page size out of range", () => {
    const refused = (run: () => unknown, message: RegExp) =>
      assert.throws(run, (error) => error instanceof InputError && message.test(error.message));
    refused(() => showTable([1, 2] as never), /^table: found \[1,2\], expected an Arquero table/);
    refused(() => showTable(numbers(50), { page: 4 }), /^page: found 4, expected a whole number from 1 to 3$/);
    refused(
      () => showTable(numbers(50), { pageSize: 0 }),
      /^pageSize: found 0, expected a whole number from 1 to 1000$/,
    );
  });
});

it("the HTML contains the text of all rows and nothing else", () => {
  assert.equal(textOf(page(margins)), "idtextmarginnumberkeptbooleana0.50truebc-12.25false2 rows × 3 columns");
});
