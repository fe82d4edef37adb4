/** How one attempt of a campaign ended. Only the third kind is a fault. */
export type Outcome =
  /** The work was done: the run has the bytes of an undisturbed one, or the file could still be read. */
  | { readonly kind: "done" }
  /** One error that names the file, in the user's terms. */
  | { readonly kind: "refused" }
  /** A stack trace, a hang, unbounded memory, a crash, other bytes. */
  | { readonly kind: "third"; readonly what: string };

export const done: Outcome = { kind: "done" };
export const refused: Outcome = { kind: "refused" };
export const third = (what: string): Outcome => ({ kind: "third", what });

/** Longest message that a person would read, in characters. */
const longestMessage = 3000;

/**
 * Returns the outcome for an error: "refused" if it is an InputError or a system error and names what it is about.
 *
 * @param names the message must contain one of these; empty if there is no file to name
 */
export function outcomeOfError(error: unknown, names: readonly string[]): Outcome {
  if (!(error instanceof Error)) return third(`threw ${String(error)}`);
  const isSystems = "code" in error && typeof error.code === "string" && /^E[A-Z]+$/.test(error.code);
  if (error.name !== "InputError" && error.constructor.name !== "RequestFailure" && !isSystems)
    return third(`${error.name}: ${error.message} ${error.stack?.split("\n")[1]?.trim() ?? ""}`);
  if (names.length > 0 && !names.some((name) => error.message.includes(name)))
    return third(`names no file: ${error.message}`);
  if (/\n\s+at |\[object Object\]|\bundefined\b.*\bof undefined/.test(error.message))
    return third(`not for people: ${error.message}`);
  if (error.message.length > longestMessage)
    return third(`a message of ${error.message.length} characters: ${error.message.slice(0, 200)}`);
  return refused;
}

/** Counts of outcomes, with the details of each third one. */
export class Tally {
  done = 0;
  refused = 0;
  readonly thirds: { readonly id: string; readonly what: string }[] = [];
  /** Why the campaign was not run, if it was not. */
  skipped: string | undefined;
  seconds = 0;

  constructor(
    readonly campaign: string,
    readonly input: string,
  ) {}

  add(outcome: Outcome, id: string): void {
    if (outcome.kind === "third") this.thirds.push({ id, what: outcome.what });
    else this[outcome.kind]++;
  }

  get count(): number {
    return this.done + this.refused + this.thirds.length;
  }
}

/** Options of every campaign. */
export interface CampaignOptions {
  readonly seed: number;
  /** Attempts for each kind of input. */
  readonly count: number;
  /** Seconds after which no new attempt begins. */
  readonly seconds: number;
}

/** Whether a campaign that began at `begin` (of `performance.now()`) may begin another attempt. */
export const timeLeft = (begin: number, { seconds }: CampaignOptions): boolean =>
  performance.now() - begin < 1000 * seconds;
