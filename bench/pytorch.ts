import { fileURLToPath } from "node:url";
import { runForJson, runs } from "./child.js";
import type { Result } from "./result.js";

/** Path of a script in bench/python, relative to dist/bench. */
export const pythonScript = (name: string) => fileURLToPath(new URL(`../../bench/python/${name}`, import.meta.url));
const venvPython = fileURLToPath(new URL("../../.venv/bin/python", import.meta.url));

/** The message if {@link findPython} finds none. */
export const pyTorchMissing =
  "PyTorch is not measured: neither $PYTHON nor .venv has it; scripts/make-venv.sh makes .venv.";

/** Makes glibc keep freed pages, with which PyTorch is much faster. */
export const keepPages = {
  MALLOC_MMAP_THRESHOLD_: String(2 ** 30),
  MALLOC_TRIM_THRESHOLD_: String(2 ** 32),
  MALLOC_TOP_PAD_: String(2 ** 28),
};

/** The Python that can run these imports: `$PYTHON`, or that of `.venv`; undefined if neither can. */
export async function pythonWith(imports: string): Promise<string | undefined> {
  for (const python of [process.env["PYTHON"], venvPython]) {
    if (python && (await runs(python, ["-c", imports]))) return python;
  }
  return undefined;
}

/** The Python that has what bench_torch.py needs. */
export const findPython = () => pythonWith("import psutil, torch, transformers");

/** PyTorch's times for one piece of work, with default settings and with an allocator that keeps pages. */
export async function measurePyTorch(
  python: string,
  size: string,
  what: string,
): Promise<{ plain: Result; keptPages: Result }> {
  const measure = (environment: NodeJS.ProcessEnv) =>
    runForJson(
      python,
      [pythonScript("bench_torch.py"), "--size", size, "--what", what],
      environment,
    ) as Promise<Result>;
  return { plain: await measure({}), keptPages: await measure(keepPages) };
}
