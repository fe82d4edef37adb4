import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { packageFolder } from "../package-folder.js";

/** This package's name, as cells import it. */
export const libraryName = "sera-lab";

/** Its declarations, within its folder. */
export const libraryTypes = "dist/src/index.d.ts";

/**
 * The folder of the library that a notebook means by `import … from "sera-lab"`: the one installed
 * beside it, or else the kernel's own, wherever the notebook lies.
 */
export function libraryFor(folder: string): string {
  try {
    return packageOf(createRequire(join(folder, "notebook.js")).resolve(libraryName));
  } catch {
    return packageFolder;
  }
}

function packageOf(file: string): string {
  let folder = dirname(file);
  while (!existsSync(join(folder, "package.json"))) folder = dirname(folder);
  return folder;
}
