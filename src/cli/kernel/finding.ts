/** The result of one of the doctor's checks. */
export interface Finding {
  /** "absent" is not a fault: the kernel runs without it. */
  readonly state: "good" | "bad" | "absent";
  /** What was found, as a phrase. */
  readonly text: string;
  /** What to do about it. */
  readonly remedy?: string;
}

const marks = { good: "✓", bad: "✗", absent: "–" } as const;

export const good = (text: string): Finding => ({ state: "good", text });
export const bad = (text: string, remedy: string): Finding => ({ state: "bad", text, remedy });
export const absent = (text: string, remedy: string): Finding => ({ state: "absent", text, remedy });

/** Formats a finding for the terminal, with its remedy on a separate line. */
export function line({ state, text, remedy }: Finding): string {
  return `${marks[state]} ${text}\n${remedy === undefined ? "" : `    ${remedy}\n`}`;
}

/** The first line of an error's message, short enough for a report. */
export function reasonOf(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0]!;
}

/** Describes the speed of matrix multiplication. */
export function rateOf(gflops: number): string {
  const rate = gflops < 1 ? gflops.toPrecision(1) : gflops.toFixed(gflops < 10 ? 1 : 0);
  return `matrix products at ${rate} GFLOPS`;
}
