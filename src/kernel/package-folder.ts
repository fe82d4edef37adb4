import { resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of this kernel's package. */
export const packageFolder = resolve(fileURLToPath(import.meta.url), "../../../..");
