import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of the package that this kernel belongs to. */
export const packageFolder = resolve(fileURLToPath(import.meta.url), "../../../..");
