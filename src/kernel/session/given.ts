import { join } from "node:path";
import { cell, display } from "../../notebook/display.js";
import { packageFolder } from "../package-folder.js";
import { declare, define } from "./scope.js";

/** What every cell knows without importing it; a notebook may declare these names as its own. */
const given = { cell, display };

export const givenNames = Object.keys(given);

/** Their declaration, as a cell before the first. */
export function givenText(): string {
  const path = join(packageFolder, "dist/src/notebook/display.js").replaceAll("\\", "/");
  const names = givenNames.join(", ");
  return `import { ${names} } from ${JSON.stringify(path)};\nexport { ${names} };`;
}

/** Puts them into the scope. */
export function defineGiven(): void {
  declare(givenNames);
  for (const [name, value] of Object.entries(given)) define(name, value);
}
