import { readFileSync, writeFileSync } from "node:fs";
import type { Tally } from "./outcomes.js";

/** The lines of a Markdown table. */
export function outcomeTable(tallies: readonly Tally[]): string {
  const rows = tallies.map((tally) => {
    const { campaign, input, done, refused, thirds, skipped, seconds } = tally;
    if (skipped !== undefined) return `| ${campaign} | ${input} | not run: ${skipped} | | | | |`;
    return `| ${campaign} | ${input} | ${tally.count} | ${done} | ${refused} | ${thirds.length} | ${Math.round(seconds)} |`;
  });
  return [
    "| campaign | input | attempts | done | clear error | third outcome | s |",
    "| --- | --- | --: | --: | --: | --: | --: |",
    ...rows,
  ].join("\n");
}

/** Returns `before` with the rows of `now` in place of those of the same campaign and input; new rows go to the end. */
export function mergedTable(before: string, now: string): string {
  const nameOf = (row: string) => row.split(" | ").slice(0, 2).join(" | ");
  const [heading, line, ...rows] = now.split("\n");
  const fresh = new Map(rows.map((row) => [nameOf(row), row]));
  const kept = before
    .split("\n")
    .slice(2)
    .filter((row) => row.startsWith("|"))
    .map((row) => fresh.get(nameOf(row)) ?? row);
  return [heading, line, ...kept, ...rows.filter((row) => !kept.includes(row))].join("\n");
}

/** Returns the text between the marks of a file. */
export function readBetweenMarks(file: string, mark: string): string {
  const [, after = ""] = readFileSync(file, "utf8").split(`<!-- ${mark} -->\n`);
  return after.split(`\n<!-- /${mark} -->`)[0]!;
}

/** Replaces the text between the marks of a file. */
export function writeBetweenMarks(file: string, mark: string, text: string): void {
  const [start, end] = [`<!-- ${mark} -->`, `<!-- /${mark} -->`];
  const before = readFileSync(file, "utf8");
  const [from, to] = [before.indexOf(start), before.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`${file} has no ${start} … ${end}`);
  writeFileSync(file, `${before.slice(0, from + start.length)}\n${text}\n${before.slice(to)}`);
}
