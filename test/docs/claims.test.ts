import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";

/** An interval as it is written, since its decimals say how it is rounded. */
interface Interval {
  readonly low: string;
  readonly high: string;
  /** The figure that the interval belongs to, if it is known. */
  readonly mean?: string | undefined;
}

/** A figure of the table of claims. */
interface Figure extends Interval {
  readonly claim: string;
  readonly notebook: string;
}

interface Claim {
  readonly claim: string;
  readonly verdict: string;
  readonly figures: readonly Figure[];
}

const minus = "−";
const valueOf = (figure: string) => Number(figure.replace(minus, "-"));

function intervalsIn(text: string): Interval[] {
  const end = "([+−]?\\d*\\.\\d+)";
  return [...text.matchAll(new RegExp(`\\[${end}(?:,| to) ${end}\\]`, "g"))].map(([, low, high]) => ({
    low: low!,
    high: high!,
  }));
}

/** Returns the rows of notebooks/README.md. A row without a link is of the same notebook as the one above it. */
function claimsOf(markdown: string): Claim[] {
  const [, , ...rows] = markdown.split("\n").filter((line) => line.startsWith("|"));
  let notebook = "";
  return rows.map((row) => {
    const [, , claim, found, intervals, verdict, link] = row.split("|").map((cell) => cell.trim());
    notebook = /\((.*\.ipynb)\)/.exec(link!)?.[1] ?? notebook;
    const ends = intervalsIn(intervals!);
    const means = found!.match(/[+−][\d.]+/g) ?? [];
    const figures = ends.map((interval, i) => ({
      ...interval,
      ...{ claim: claim!, notebook, mean: means.length === ends.length ? means[i] : undefined },
    }));
    return { claim: claim!, verdict: verdict!, figures };
  });
}

interface Notebook {
  readonly cells: readonly {
    readonly cell_type: string;
    readonly source: readonly string[];
    readonly outputs?: readonly { readonly data?: Readonly<Record<string, string | readonly string[]>> }[];
  }[];
}

const notebook = (name: string) => JSON.parse(readFileSync(join("notebooks", name), "utf8")) as Notebook;

/** Returns the numbers of each row of the tables that a notebook's cells have output. */
function rowsOf({ cells }: Notebook): number[][] {
  const tables = cells.flatMap(({ outputs = [] }) =>
    outputs.map(({ data }) => [data?.["text/html"] ?? []].flat().join("")),
  );
  return tables.flatMap((table) =>
    [...table.matchAll(/<tr.*?<\/tr>/gs)].map(([row]) =>
      [...row.matchAll(/>(-?\d+\.\d+(?:e-?\d+)?)</g)].map(([, number]) => Number(number)),
    ),
  );
}

/** Whether a row has the interval, after the figure that it belongs to. */
function isIn(rows: readonly (readonly number[])[], { mean, low, high }: Interval): boolean {
  const rounds = (value: number | undefined, figure: string) => {
    const decimals = figure.split(".")[1]?.length ?? 0;
    return value !== undefined && Math.abs(value - valueOf(figure)) <= 0.5001 * 10 ** -decimals;
  };
  return rows.some((row) =>
    row.some(
      (value, i) => rounds(value, low) && rounds(row[i + 1], high) && (mean === undefined || rounds(row[i - 1], mean)),
    ),
  );
}

/** A figure should be above 0; "as good, by .02" means above −.02. A rounded end keeps its sign. */
function verdictOf({ claim, low, high }: Figure): string {
  const threshold = -Number(/as good.*, by (\.\d+)/.exec(claim)?.[1] ?? 0);
  const isBelow = (end: string) => (threshold === 0 ? end.startsWith(minus) : valueOf(end) < threshold);
  if (isBelow(high)) return "does not hold";
  return isBelow(low) ? "cannot be told" : "holds";
}

describe("the table of claims", () => {
  const claims = claimsOf(readFileSync("notebooks/README.md", "utf8"));
  const figures = claims.flatMap((claim) => claim.figures);

  it("has the figures that the notebooks have output", () => {
    assert.ok(figures.length > 150, `${figures.length}`);
    const outputs = new Map(
      [...new Set(figures.map(({ notebook }) => notebook))].map((name) => [name, rowsOf(notebook(name))]),
    );
    assert.deepEqual(
      figures.filter((figure) => !isIn(outputs.get(figure.notebook)!, figure)),
      [],
    );
  });

  it("has the verdicts that the intervals imply", () => {
    const verdicts = /does not hold|holds|cannot be told/g;
    for (const { claim, verdict, figures } of claims.filter(({ figures }) => figures.length > 0))
      assert.deepEqual(new Set(verdict.match(verdicts)), new Set(figures.map(verdictOf)), claim);
  });
});

describe("the texts of notebooks", () => {
  const names = readdirSync("notebooks").filter((name) => name.endsWith(".ipynb"));
  for (const name of names)
    it(`have only intervals that cells have output: ${name}`, () => {
      const { cells } = notebook(name);
      const rows = rowsOf({ cells });
      // A text may say "A is less than B" where a row has A minus B.
      const mirrored = rows.map((row) => row.map((value) => -value).reverse());
      const texts = cells.filter(({ cell_type }) => cell_type === "markdown").map(({ source }) => source.join(""));
      const missing = texts.flatMap(intervalsIn).filter((interval) => !isIn([...rows, ...mirrored], interval));
      assert.deepEqual(missing, []);
    });
});
