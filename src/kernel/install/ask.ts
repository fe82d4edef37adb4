import { execFile } from "node:child_process";

/**
 * What a program prints to stdout.
 *
 * @param seconds after which it is ended
 * @returns undefined if the program is missing, fails or takes longer
 */
export function answerOf(program: string, args: readonly string[], seconds = 20): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(program, args, { timeout: seconds * 1000, windowsHide: true }, (error, stdout) => {
      resolve(error ? undefined : stdout.trim());
    });
  });
}
