/** Reason of an abort by a signal; the process exits with 128 + the signal's number. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
  constructor(
    readonly exitCode: number,
    /** How the user can continue. */
    advice: string,
  ) {
    super(`interrupted: what was finished is kept; ${advice}`);
  }
}
