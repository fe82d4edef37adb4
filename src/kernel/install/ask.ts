import { execFile } from "node:child_process";

/**
 * Runs a program and returns what it prints to stdout.
 *
 * @param seconds time limit, after which the program is ended
 * @returns undefined if the program is missing, fails or takes longer
 */
export function answerOf(program: string, args: readonly string[], seconds = 20): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(program, args, { timeout: seconds * 1000, windowsHide: true }, (error, stdout) => {
      resolve(error ? undefined : stdout.trim());
    });
  });
}
