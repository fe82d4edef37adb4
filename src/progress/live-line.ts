import type { ProgressLine, ProgressStream } from "./line.js";
import type { Phase } from "./phase.js";

/** Least time between two drawings, in seconds. */
const redrawEvery = 0.1;
const widestBar = 20;
const narrowestBar = 6;
const defaultColumns = 80;

/** A phase as one line of a terminal, redrawn in place; it never wraps. */
export function liveLine(phase: Phase, stream: ProgressStream, now: () => number): ProgressLine {
  let finished = false;
  let drawnAt = 0;
  const draw = () => {
    drawnAt = now();
    // One column stays free: a full line makes some terminals wrap, and then \r no longer returns.
    const width = (stream.columns || defaultColumns) - 1;
    stream.write(`\r${cut(working(phase, width), width)}\x1b[K`);
  };
  draw();
  return {
    update(done, figures) {
      if (finished) return;
      phase.update(done, figures);
      if (now() - drawnAt >= redrawEvery) draw();
    },
    finish(text) {
      if (finished) return;
      finished = true;
      stream.write(`\r${phase.last(text)}\x1b[K\n`);
    },
  };
}

/** The line with a bar as wide as there is room for, or without one where there is too little. */
function working(phase: Phase, width: number): string {
  const parts = [phase.count, ...phase.left, ...phase.metrics, `${phase.elapsed} elapsed`];
  const bare = [phase.label, ...parts].join("  ");
  const room = Math.min(widestBar, width - bare.length - 2);
  return room < narrowestBar ? bare : [phase.label, bar(phase.done / phase.total, room), ...parts].join("  ");
}

function bar(share: number, width: number): string {
  const filled = Math.round(width * Math.min(1, Math.max(0, share || 0)));
  return "█".repeat(filled) + "░".repeat(width - filled);
}

function cut(text: string, width: number): string {
  const characters = [...text];
  return characters.length <= width ? text : `${characters.slice(0, Math.max(0, width - 1)).join("")}…`;
}
