import type { Comparison, Result } from "./result.js";

/** The better of PyTorch's two numbers, from whichever run. */
function best({ plain, keptPages }: { plain: Result; keptPages: Result }, by: "milliseconds" | "peakRssBytes"): Result {
  return plain[by] <= keptPages[by] ? plain : keptPages;
}

const columns: readonly (readonly [heading: string, cell: (row: Comparison) => string | undefined])[] = [
  ["size", ({ size }) => size],
  ["work", ({ what }) => what],
  ["ours, ms", ({ ours }) => milliseconds(ours)],
  ["tokens/s", ({ ours }) => ((1000 * ours.tokens) / ours.milliseconds).toFixed(0)],
  ["PyTorch, ms", ({ pyTorch }) => pyTorch && milliseconds(pyTorch.plain)],
  ["keeping pages, ms", ({ pyTorch }) => pyTorch && milliseconds(pyTorch.keptPages)],
  [
    "ours / best",
    ({ ours, pyTorch }) => pyTorch && (ours.milliseconds / best(pyTorch, "milliseconds").milliseconds).toFixed(2),
  ],
  [
    "ours / generate",
    ({ ours, pyTorch }) => {
      const generate = pyTorch?.plain.medianMilliseconds?.["generate"];
      return generate === undefined ? undefined : (ours.milliseconds / generate).toFixed(2);
    },
  ],
  [
    "floor / ours",
    ({ ours, floorMilliseconds }) =>
      floorMilliseconds ? `${((100 * floorMilliseconds) / ours.milliseconds).toFixed(0)} %` : undefined,
  ],
  ["our peak, MB", ({ ours }) => memory(ours)],
  ["PyTorch's peak, MB", ({ pyTorch }) => pyTorch && memory(best(pyTorch, "peakRssBytes"))],
];

/** The comparisons as a Markdown table. */
export function comparisonTable(rows: readonly Comparison[]): string {
  const lines = [
    columns.map(([heading]) => heading),
    columns.map((_, i) => (i < 2 ? "---" : "---:")),
    ...rows.map((row) => columns.map(([, cell]) => cell(row) ?? "–")),
  ];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function milliseconds({ milliseconds: value }: Result): string {
  return value.toFixed(value < 100 ? 1 : 0);
}

/** Peak memory, and the part of it added after the imports. */
function memory({ peakRssBytes, baseRssBytes }: Result): string {
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(0);
  return `${megabytes(peakRssBytes)} (+${megabytes(peakRssBytes - baseRssBytes)})`;
}
