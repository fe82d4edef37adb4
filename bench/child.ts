import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * Runs a program whose last line of output is JSON.
 *
 * @throws Error with the program's output if it fails
 */
export async function runForJson(
  command: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<unknown> {
  const { stdout } = await run(command, args, { env: { ...process.env, ...environment }, maxBuffer: 1 << 24 });
  return JSON.parse(stdout.trimEnd().split("\n").at(-1)!) as unknown;
}

/** Whether a program can be run with these arguments and succeeds. */
export async function runs(command: string, args: readonly string[]): Promise<boolean> {
  return run(command, args).then(
    () => true,
    () => false,
  );
}
