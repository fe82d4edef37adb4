import { fileURLToPath } from "node:url";
import { isKnown, locate } from "./positions.js";

/*
 * Maps error stacks to lines of the cell's TypeScript source, so that an error reads the same whether a cell logs,
 * shows, stores or throws it.
 */

/** Files that call a cell's code to run it or to show its result. */
const kernelCode = [".", "../../notebook/bundle.js", "../../notebook/display.js"].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);

/** Parts of Node that only show how a cell was started or resumed. */
const machinery = /^node:(internal|vm|async_hooks|events|timers|inspector)\b/;

/** Makes every stack refer to the cells' own text, without frames of the kernel. */
export function tellStacksInTypeScript(): void {
  Error.prepareStackTrace = (error, sites) => {
    const frames = sites.flatMap((site) => frame(site) ?? []);
    return [head(error), ...frames.map((text) => `    at ${text}`)].join("\n");
  };
}

function head(error: Error): string {
  try {
    return Error.prototype.toString.call(error);
  } catch {
    return "Error";
  }
}

function frame(site: NodeJS.CallSite): string | undefined {
  const name = site.getFileName() ?? "";
  const path = name.startsWith("file:") ? fileURLToPath(name) : name;
  if (kernelCode.some((start) => path.startsWith(start)) || machinery.test(path)) return undefined;
  const text = String(site);
  if (!isKnown(name)) return text;
  const found = locate(name, { line: site.getLineNumber() ?? 0, column: site.getColumnNumber() ?? 0 });
  if (!found) return undefined;
  const place = `${found.file.title}:${found.line}:${found.column}`;
  const at = text.lastIndexOf(name);
  const callee = text.slice(0, at).replace(/\($/, "").trimEnd();
  return callee === "" || callee === "async" ? `${callee} ${place}`.trimStart() : `${callee} (${place})`;
}
