/** How one attempt of a campaign ended. Only the third kind is a fault. */
export type Outcome =
  /** What was asked for was done: the bytes of an undisturbed run, or a file that still says something. */
  | { readonly kind: "done" }
  /** One error that names the file, in the user's terms. */
  | { readonly kind: "refused" }
  /** A stack trace, a hang, memory without end, a crash, other bytes. */
  | { readonly kind: "third"; readonly what: string };

export const done: Outcome = { kind: "done" };
export const refused: Outcome = { kind: "refused" };
export const third = (what: string): Outcome => ({ kind: "third", what });

/** Longest message that a person reads. */
const longestMessage = 3000;

/**
 * The outcome that an error is: clear where it is an InputError, or the system's error, and names what it is about.
 *
 * @param names one of which the message has to hold; none where the error has no file to name
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

/** Counts of outcomes, and an example of each third one. */
export class Tally {
  done = 0;
  refused = 0;
  readonly thirds: { readonly id: string; readonly what: string }[] = [];
  /** Why it was not run, where it was not. */
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

/** What every campaign is given. */
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
