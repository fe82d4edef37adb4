import { speakingCell, tell } from "./output.js";

interface Waiting {
  readonly resolve: (text: string) => void;
  readonly reject: (error: Error) => void;
}

let waiting: Waiting[] = [];

/**
 * Asks the user for a line of text, in a field below the cell.
 *
 * @param question text in front of the field
 * @throws Error if the front end does not support input, for example in a notebook run without a user
 * @example const name = await prompt("Whose preferences? ");
 */
export async function prompt(question = ""): Promise<string> {
  const cell = speakingCell();
  if (!cell || cell.isClosed) throw new Error("prompt: the cell has ended, so nobody can be asked");
  return new Promise((resolve, reject) => {
    waiting.push({ resolve, reject });
    tell({ type: "input", cell: cell.number, prompt: String(question) });
  });
}

/** Resolves the oldest pending `prompt` with the user's input. */
export function takeInput(value: string | undefined): void {
  const first = waiting.shift();
  if (value === undefined) first?.reject(new Error("prompt: this front end takes no input"));
  else first?.resolve(value);
}

/** Drops the pending calls of a cell that was ended while it waited. */
export function forgetInput(): void {
  waiting = [];
}
