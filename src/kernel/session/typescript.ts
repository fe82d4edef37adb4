import { createRequire } from "node:module";
import type typescript from "@tslab/typescript-for-tslab";

/*
 * tslab's converter takes no compiler options, so the compiler that it loads is changed before it
 * does: this module must be imported before anything of tslab.
 */

const require = createRequire(import.meta.url);
const tslab = createRequire(require.resolve("tslab/package.json"));
const compilerPath = tslab.resolve("@tslab/typescript-for-tslab");

/** The compiler as it comes. */
export const compiler: typeof typescript = tslab(compilerPath);

/** What a cell's compilation differs in from tslab's. */
export interface Changes {
  readonly options: typescript.CompilerOptions;
  /** Where imports are looked for that are not found from the notebook's folder: as from this file. */
  readonly fallback: string;
  /** Whether the file of a path is loaded at run time, instead of being emitted with the cell. */
  readonly isLoaded: (path: string) => boolean;
  /** The last step, from modern JavaScript to what the executor runs. */
  readonly finish: (javascript: string, options: typescript.TranspileOptions) => typescript.TranspileOutput;
}

/** Gives tslab a compiler with these changes. */
export function changeCompiler({ options, fallback, isLoaded, finish }: Changes): void {
  const changed: typeof typescript = {
    ...compiler,
    createWatchCompilerHost: ((files: string[], given: typescript.CompilerOptions, ...rest: unknown[]) => {
      const make = compiler.createWatchCompilerHost as (...parameters: unknown[]) => typescript.WatchCompilerHost<typescript.BuilderProgram>;
      const host = make(files, { ...given, ...options }, ...rest);
      resolveWithFallback(host, fallback);
      return withoutLoadedFiles(host, isLoaded);
    }) as typeof typescript.createWatchCompilerHost,
    transpileModule: finish,
    sys: watchingOwnFiles(compiler.sys),
  };
  tslab.cache[compilerPath]!.exports = changed;
}

/** Files that are loaded at run time are no dependencies for tslab: it would emit them, which works below the notebook's folder only. */
function withoutLoadedFiles<Host extends typescript.WatchCompilerHost<typescript.BuilderProgram>>(
  host: Host,
  isLoaded: (path: string) => boolean,
): Host {
  let notify: Host["afterProgramCreate"];
  Object.defineProperty(host, "afterProgramCreate", {
    get: () => (builder: typescript.BuilderProgram) => {
      const all = builder.getAllDependencies.bind(builder);
      builder.getAllDependencies = (file) => all(file).filter((path) => !isLoaded(path));
      notify?.(builder);
    },
    set: (value: Host["afterProgramCreate"]) => (notify = value),
  });
  return host;
}

/** Finds the packages that came with the library, also from a notebook that lies outside of it. */
function resolveWithFallback(host: typescript.WatchCompilerHost<typescript.BuilderProgram>, fallback: string): void {
  const cache = compiler.createModuleResolutionCache(host.getCurrentDirectory(), (name) => name);
  host.resolveModuleNameLiterals = (literals, file, redirected, options) => {
    const resolve = (name: string, from: string) => compiler.resolveModuleName(name, from, options, host, cache, redirected);
    return literals.map(({ text }) => {
      const found = resolve(text, file);
      return found.resolvedModule || /^[./]/.test(text) ? found : resolve(text, fallback);
    });
  };
}

/** Installed packages do not change under a running notebook, and polling their thousand files is not free. */
function watchingOwnFiles(system: typescript.System): typescript.System {
  const watchFile: typescript.System["watchFile"] = (path, callback, interval, options) =>
    path.includes("/node_modules/") ? { close() {} } : system.watchFile!(path, callback, interval, options);
  return Object.assign(Object.create(system), { ...system, watchFile });
}
