import { existsSync } from "node:fs";
import { cp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { InputError, inputError } from "../../base/errors.js";
import { makeFolder, writeJson } from "../../base/files.js";
import { packageFolder } from "../package-folder.js";

/** The name by which Jupyter knows the kernel: `jupyter lab`'s launcher, `--kernel sera`, a notebook's metadata. */
export const specName = "sera";

const shipped = join(packageFolder, "kernels", specName);
const logos = ["logo-32x32.png", "logo-64x64.png", "logo-svg.svg"];

/** The program that Jupyter starts with the path of a connection file. */
export const kernelProgram = join(packageFolder, "dist", "src", "kernel", "main.js");

const schema = z.looseObject({ argv: z.array(z.string()), display_name: z.string() });

/** An installed kernelspec. */
export interface InstalledSpec {
  readonly folder: string;
  readonly displayName: string;
  readonly argv: readonly string[];
}

/** The kernelspec's folder within a Jupyter data folder. */
export function specFolder(dataFolder: string): string {
  return join(dataFolder, "kernels", specName);
}

/**
 * Writes the kernelspec. It starts this Node and this copy of the package by their absolute paths, so that notebooks
 * work in any folder.
 *
 * @param dataFolder a Jupyter data folder, see {@link userDataFolder} and {@link dataFolderOf}
 * @returns the kernelspec as installed
 * @throws InputError if the folder cannot be written, or contains another program's kernel
 */
export async function installSpec(dataFolder: string): Promise<InstalledSpec> {
  const folder = specFolder(dataFolder);
  // Overwrite a kernelspec that Jupyter cannot use.
  const present = await readSpec(dataFolder).catch(() => undefined);
  if (present) refuseForeign(present);
  const template = schema.parse(JSON.parse(await readFile(join(shipped, "kernel.json"), "utf8")));
  const paths: Readonly<Record<string, string>> = { "{node}": process.execPath, "{kernel}": kernelProgram };
  const spec = { ...template, argv: template.argv.map((part) => paths[part] ?? part) };
  await explaining(folder, async () => {
    await makeFolder(folder);
    for (const logo of logos) await cp(join(shipped, logo), join(folder, logo));
    await writeJson(join(folder, "kernel.json"), spec);
  });
  return { folder, displayName: spec.display_name, argv: spec.argv };
}

/**
 * Removes the kernelspec.
 *
 * @returns its folder, or undefined if there was none
 * @throws InputError if the folder cannot be removed, or contains another program's kernel
 */
export async function removeSpec(dataFolder: string): Promise<string | undefined> {
  const spec = await readSpec(dataFolder);
  if (!spec) return undefined;
  const { folder } = spec;
  refuseForeign(spec);
  await explaining(folder, () => rm(folder, { recursive: true }));
  return folder;
}

/**
 * Reads the kernelspec in a data folder.
 *
 * @returns undefined if there is none
 * @throws InputError if there is one that Jupyter cannot use
 */
export async function readSpec(dataFolder: string): Promise<InstalledSpec | undefined> {
  const folder = specFolder(dataFolder);
  const file = join(folder, "kernel.json");
  if (!existsSync(file)) return undefined;
  const spec = schema.safeParse(
    await readFile(file, "utf8")
      .then(JSON.parse)
      .catch(() => undefined),
  );
  if (!spec.success) throw inputError({ file }, "no kernelspec", 'a JSON object with "argv" and "display_name"');
  return { folder, displayName: spec.data.display_name, argv: spec.data.argv };
}

/** The kernel program that a kernelspec starts, or undefined if it is not sera-lab's. */
export function programOf({ argv }: InstalledSpec): string | undefined {
  return argv.find((part) => part.replaceAll("\\", "/").endsWith("/src/kernel/main.js"));
}

function refuseForeign(spec: InstalledSpec): void {
  if (programOf(spec)) return;
  throw inputError(
    { file: spec.folder },
    `the kernel "${spec.displayName}" of another program`,
    "sera-lab's or none; move it away",
  );
}

/** Adds to a system error what to do about it. */
async function explaining<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const found =
      code === "EACCES" || code === "EPERM" || code === "EROFS"
        ? "a folder that may not be written"
        : code === "ENOTDIR" || code === "EEXIST" || code === "ERR_FS_CP_NON_DIR_TO_DIR"
          ? "a file in the way"
          : undefined;
    if (!found) throw error;
    throw new InputError(
      `${folder}: found ${found} (${(error as Error).message}), expected a folder that can be written; ` +
        `install elsewhere with --user, --sys-prefix or --prefix`,
      { cause: error },
    );
  }
}
