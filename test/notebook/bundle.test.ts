import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import { table } from "arquero";
import { InputError } from "../../src/base/errors.js";
import { bundleOf } from "../../src/notebook/bundle.js";
import { displaySymbol } from "../../src/base/mime.js";
import { winRates } from "../../src/plot/win-rates.js";

const text = async (value: unknown) => {
  const bundle = await bundleOf(value);
  assert.deepEqual(Object.keys(bundle), ["text/plain"]);
  return bundle["text/plain"];
};

describe("objects with a display method", () => {
  it("are shown as the bundle that it returns, directly or as a promise", async () => {
    assert.deepEqual(await bundleOf({ [displaySymbol]: () => ({ "text/html": "<b>1</b>" }) }), {
      "text/html": "<b>1</b>",
    });
    class Later {
      constructor(private readonly name: string) {}
      async [displaySymbol]() {
        return { "text/plain": this.name };
      }
    }
    assert.deepEqual(await bundleOf(new Later("x")), { "text/plain": "x" });
  });

  it("may return bytes, which are sent as base64", async () => {
    assert.deepEqual(await bundleOf({ [displaySymbol]: () => ({ "image/png": Uint8Array.of(1, 2, 3) }) }), {
      "image/png": "AQID",
    });
  });

  it("fail with the error that it throws", async () => {
    const broken = new RangeError("broken");
    await assert.rejects(
      bundleOf({
        [displaySymbol]: () => {
          throw broken;
        },
      }),
      broken,
    ); // prettier-ignore
  });

  it("must return a bundle", async () => {
    for (const [returned, found] of [
      [undefined, "undefined"],
      ["<b>", "'<b>'"],
      [[1], "\\[Array\\]|\\[ 1 \\]"],
      [null, "null"],
    ] as const) {
      await assert.rejects(bundleOf({ [displaySymbol]: () => returned }), (error) => {
        assert.ok(error instanceof InputError);
        assert.match(
          error.message,
          new RegExp(`^Symbol\\(Jupyter\\.display\\): found (${found}), expected an object of contents by media type`),
        );
        return true;
      });
    }
  });
});

describe("bundleOf draws", () => {
  it("tables of Arquero, even of another copy of the library", async () => {
    const made = table({ a: [1, 2] });
    const { "text/plain": plain, "text/html": html } = await bundleOf(made);
    assert.equal(plain, "a\n─\n1\n2\n2 rows × 1 column");
    assert.match(html as string, /<td>2<\/td>/);
    const copy = { numRows: () => 2, columnNames: () => ["a"], getter: (name: string) => made.getter(name) };
    assert.equal((await bundleOf(copy))["text/plain"], plain);
  });

  it("plots", async () => {
    const bundle = await bundleOf(winRates([{ name: "SeRA", mean: 0.6, low: 0.5, high: 0.7 }]));
    assert.deepEqual(Object.keys(bundle), ["application/vnd.vegalite.v5+json", "image/svg+xml", "text/plain"]);
  });
});

describe("bundleOf writes as text", () => {
  it("a long value, with its middle cut out and the number of characters left out", async () => {
    const rows = Array.from({ length: 100 }, (_, i) => ({ i, words: "word ".repeat(200) }));
    const cut = (await text(rows)) as string;
    assert.ok(cut.length < 20_100, `${cut.length} characters`);
    const [, left] = /\n… ([\d,]+) characters left out …\n/.exec(cut)!;
    assert.equal(Number(left!.replace(",", "")) + 20_000, inspect(rows, { depth: 4, breakLength: 100 }).length);
    assert.match(cut, /^\[\n  \{\n    i: 0,[^]*\}\n\]$/);
  });

  it("a proxy that throws on every property access", async () => {
    assert.equal(
      await text(
        new Proxy(
          { a: 1 },
          {
            get: () => {
              throw new Error("no");
            },
          },
        ),
      ),
      "{ a: 1 }",
    ); // prettier-ignore
  });

  it("an array of rows, not as a table", async () => {
    assert.equal(await text([{ a: 1 }, { a: 2 }]), "[ { a: 1 }, { a: 2 } ]");
  });

  it("other values as Node's console does", async () => {
    assert.equal(await text("it's"), `"it's"`);
    assert.equal(await text(undefined), "undefined");
    assert.match((await text({ a: { b: { c: { d: { e: { f: 1 } } } } } })) as string, /d: \{ e: \[Object\] \}/);
    assert.match((await text(Array.from({ length: 200 }, () => 1))) as string, /\.\.\. 100 more items/);
  });

  it("errors with their stack and cause", async () => {
    const error = new TypeError("wrong", { cause: new Error("why") });
    assert.match((await text(error)) as string, /^TypeError: wrong\n +at .*bundle\.test.*cause.*Error: why/s);
  });
});

describe("bytes", () => {
  it("of a PNG are shown as an image, and others as text", async () => {
    const png = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 1]);
    assert.equal((await bundleOf(png))["image/png"], Buffer.from(png).toString("base64"));
    assert.deepEqual(Object.keys(await bundleOf(png.slice(1))), ["text/plain"]);
  });
});

it("a long list of preference pairs shows its count and its first pair", async () => {
  const pair = (i: number) => ({ id: `${i}`, prompt: "say", chosen: "yes", rejected: "no" });
  const text = async (count: number) =>
    (await bundleOf(Array.from({ length: count }, (_, i) => pair(i))))["text/plain"] as string;
  assert.equal(
    await text(2312),
    "2,312 preference pairs, which showPairs shows side by side\nfirst: { id: '0', prompt: 'say', chosen: 'yes', rejected: 'no' }",
  );
  assert.match(await text(3), /^\[\n/);
});

it("a pending promise is shown with the advice to await it", async () => {
  assert.equal(
    (await bundleOf(new Promise(() => {})))["text/plain"],
    "Promise { <pending> }: still running; await it for its value",
  );
});
