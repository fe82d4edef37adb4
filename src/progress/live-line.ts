import type { ProgressLine, ProgressStream } from "./line.js";
import type { Phase } from "./phase.js";
import { phaseLine } from "./phase-line.js";

/** Minimum time between redraws, in seconds. */
const redrawEvery = 0.1;
const widestBar = 20;
const narrowestBar = 6;
const defaultColumns = 80;

/** Shows a phase as one terminal line that is redrawn in place and never wraps. */
export function liveLine(phase: Phase, stream: ProgressStream, now: () => number): ProgressLine {
  let drawnAt = 0;
  const draw = () => {
    drawnAt = now();
    // One column stays free: a full line makes some terminals wrap, after which \r no longer works.
    const width = (stream.columns || defaultColumns) - 1;
    stream.write(`\r${cut(working(phase, width), width)}\x1b[K`);
  };
  draw();
  const changed = () => {
    if (now() - drawnAt >= redrawEvery) draw();
  };
  return phaseLine(phase, changed, (text) => stream.write(`\r${phase.last(text)}\x1b[K\n`));
}

/** The line, with a progress bar if something is counted and there is room. */
function working(phase: Phase, width: number): string {
  const parts = [...phase.count, ...phase.meanwhile, ...phase.left, ...phase.metrics, `${phase.elapsed} elapsed`];
  const bare = [phase.label, ...parts].join("  ");
  const room = Math.min(widestBar, width - bare.length - 2);
  return phase.count.length === 0 || room < narrowestBar
    ? bare
    : [phase.label, bar(phase.done / phase.total, room), ...parts].join("  ");
}

function bar(share: number, width: number): string {
  const filled = Math.round(width * Math.min(1, Math.max(0, share || 0)));
  return "█".repeat(filled) + "░".repeat(width - filled);
}

function cut(text: string, width: number): string {
  const characters = [...text];
  return characters.length <= width ? text : `${characters.slice(0, Math.max(0, width - 1)).join("")}…`;
}
