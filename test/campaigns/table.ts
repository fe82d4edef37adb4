import { readFileSync, writeFileSync } from "node:fs";
import type { Tally } from "./outcomes.js";

/** Lines of a table in Markdown. */
export function outcomeTable(tallies: readonly Tally[]): string {
  const rows = tallies.map((tally) => {
    const { campaign, input, done, refused, thirds, skipped, seconds } = tally;
    if (skipped !== undefined) return `| ${campaign} | ${input} | not run: ${skipped} | | | | |`;
    return `| ${campaign} | ${input} | ${tally.count} | ${done} | ${refused} | ${thirds.length} | ${Math.round(seconds)} |`;
  });
  return ["| campaign | input | attempts | done | clear error | third outcome | s |", "| --- | --- | --: | --: | --: | --: | --: |", ...rows].join("\n");
}

/** Puts text between the marks of a file that it was put between before. */
export function writeBetweenMarks(file: string, mark: string, text: string): void {
  const [start, end] = [`<!-- ${mark} -->`, `<!-- /${mark} -->`];
  const before = readFileSync(file, "utf8");
  const [from, to] = [before.indexOf(start), before.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`${file} has no ${start} … ${end}`);
  writeFileSync(file, `${before.slice(0, from + start.length)}\n${text}\n${before.slice(to)}`);
}
