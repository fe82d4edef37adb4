import { join } from "node:path";
import { cell, display } from "../../notebook/display.js";
import { packageFolder } from "../package-folder.js";
import { prompt } from "./input.js";
import { declare, define } from "./scope.js";

/** Names available to every cell without an import, by source file; a notebook may redeclare them. */
const given: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "dist/src/notebook/display.js": { cell, display },
  "dist/src/kernel/session/input.js": { prompt },
};

export const givenNames = Object.values(given).flatMap((values) => Object.keys(values));

/** Declarations of these names, as a cell before the first. */
export function givenText(): string {
  const imports = Object.entries(given).map(([file, values]) => {
    const path = join(packageFolder, file).replaceAll("\\", "/");
    return `import { ${Object.keys(values).join(", ")} } from ${JSON.stringify(path)};\n`;
  });
  return `${imports.join("")}export { ${givenNames.join(", ")} };`;
}

/** Defines these names in the scope. */
export function defineGiven(): void {
  declare(givenNames);
  for (const [name, value] of Object.values(given).flatMap(Object.entries)) define(name, value);
}
