import { answerOf } from "./ask.js";

/** Names of the Python command; `py` is the launcher that python.org's installer adds on Windows. */
const names = process.platform === "win32" ? ["py", "python", "python3"] : ["python3", "python"];

/** An installed Python. */
export interface Python {
  readonly command: string;
  /** Major and minor number, `[3, 11]`. */
  readonly version: readonly [number, number];
  /** The folder of the installation or of the virtual environment that it runs in. */
  readonly prefix: string;
}

/** Finds every working Python on the PATH, the usual name first. */
export async function pythons(): Promise<Python[]> {
  const found = await Promise.all(names.map((command) => describe(command)));
  return found.filter((python) => python !== undefined);
}

async function describe(command: string): Promise<Python | undefined> {
  const question = "import json, sys; print(json.dumps([sys.version_info[0], sys.version_info[1], sys.prefix]))";
  const answer = await answerOf(command, ["-c", question]);
  if (!answer) return undefined;
  const [major, minor, prefix] = JSON.parse(answer) as [number, number, string];
  return { command, version: [major, minor], prefix };
}
