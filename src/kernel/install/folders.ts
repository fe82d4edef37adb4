import { homedir } from "node:os";
import { join, posix, win32 } from "node:path";
import { InputError } from "../../base/errors.js";
import { answerOf } from "./ask.js";
import { pythons } from "./python.js";

/** The platform and environment that determine the folders. */
export interface Surroundings {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The user's home folder. */
  readonly home: string;
}

const here: Surroundings = { platform: process.platform, env: process.env, home: homedir() };

const pathsOf = (platform: NodeJS.Platform) => (platform === "win32" ? win32 : posix);

/**
 * The user's Jupyter data folder, by the rules of jupyter_core 5. Kernelspecs are in its subfolder `kernels`.
 */
export function userDataFolder({ platform, env, home }: Surroundings = here): string {
  const { join } = pathsOf(platform);
  if (env.JUPYTER_DATA_DIR) return env.JUPYTER_DATA_DIR;
  if (platform === "darwin") return join(home, "Library", "Jupyter");
  if (platform === "win32") {
    return env.APPDATA ? join(env.APPDATA, "jupyter") : join(env.JUPYTER_CONFIG_DIR || join(home, ".jupyter"), "data");
  }
  return join(env.XDG_DATA_HOME || join(home, ".local", "share"), "jupyter");
}

/** The data folder of an installation of Python or of a virtual environment. */
export function dataFolderOf(prefix: string): string {
  return join(prefix, "share", "jupyter");
}

/**
 * The prefix of the active environment, or else of the installation of the first Python on the PATH.
 *
 * @throws InputError if there is neither
 */
export async function activePrefix(): Promise<string> {
  const prefix = process.env.VIRTUAL_ENV || process.env.CONDA_PREFIX || (await pythons())[0]?.prefix;
  if (!prefix) {
    throw new InputError(
      "--sys-prefix: no active environment, and no Python on the PATH; " +
        "activate it, or give its folder with --prefix, or install for the user with --user",
    );
  }
  return prefix;
}

/**
 * Every data folder that Jupyter searches, as far as can be determined without asking it, in order of precedence.
 *
 * @param prefixes prefixes of environments other than the active one
 */
export function dataFolders(prefixes: readonly string[], surroundings: Surroundings = here): string[] {
  const { platform, env } = surroundings;
  const active = [env.VIRTUAL_ENV, env.CONDA_PREFIX].flatMap((prefix) => prefix || []);
  const windows = env.PROGRAMDATA ? [win32.join(env.PROGRAMDATA, "jupyter")] : [];
  const system = platform === "win32" ? windows : ["/usr/local/share/jupyter", "/usr/share/jupyter"];
  const given = (env.JUPYTER_PATH ?? "").split(pathsOf(platform).delimiter).filter(Boolean);
  return [
    ...new Set([...given, userDataFolder(surroundings), ...[...active, ...prefixes].map(dataFolderOf), ...system]),
  ];
}

/** Every data folder that a Jupyter installation reports searching; undefined if the command does not answer. */
export async function dataFoldersByJupyter(jupyter: string): Promise<string[] | undefined> {
  const answer = await answerOf(jupyter, ["--paths", "--json"]);
  return answer === undefined ? undefined : (JSON.parse(answer) as { data: string[] }).data;
}
