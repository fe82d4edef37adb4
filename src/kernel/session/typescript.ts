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
      return mendBuilder(host, isLoaded);
    }) as typeof typescript.createWatchCompilerHost,
    ...withoutOutside(),
    transpileModule: finish,
    sys: watchingOwnFiles(compiler.sys),
  };
  tslab.cache[compilerPath]!.exports = changed;
}

/** TypeScript's complaint that a file lies outside the folder of what is emitted; such files are loaded, not emitted. */
const outsideRoot = 6059;

/** tslab's compiler has a function of its own that finds the errors of some files. */
function withoutOutside() {
  type Find = (...parameters: unknown[]) => readonly typescript.Diagnostic[];
  const name = "getPreEmitDiagnosticsOfFiles";
  const { [name]: find } = compiler as unknown as Record<typeof name, Find>;
  return { [name]: (...parameters: unknown[]) => find(...parameters).filter(({ code }) => code !== outsideRoot) };
}

/** The file of what earlier cells have declared, as tslab names it. */
const earlierCells = /\/__prev__\.d\.ts$/;

/** Spells out `{ x }` where `x` is an earlier cell's, which tslab does not find in this short form. */
function spellOut(checker: typescript.TypeChecker): typescript.TransformerFactory<typescript.SourceFile> {
  const { factory } = compiler;
  return (context) => (file) => {
    const isEarlier = (node: typescript.Node) =>
      checker.getShorthandAssignmentValueSymbol(compiler.getOriginalNode(node))?.declarations?.some((declaration) =>
        earlierCells.test(declaration.getSourceFile().fileName),
      );
    const visit = (node: typescript.Node): typescript.Node => {
      const inner = compiler.visitEachChild(node, visit, context);
      if (!compiler.isShorthandPropertyAssignment(inner) || !isEarlier(node)) return inner;
      const value = factory.createPropertyAccessExpression(factory.createIdentifier("exports"), factory.createIdentifier(inner.name.text));
      const { objectAssignmentInitializer: initial } = inner;
      return factory.createPropertyAssignment(
        factory.createIdentifier(inner.name.text),
        initial ? factory.createBinaryExpression(value, compiler.SyntaxKind.EqualsToken, initial) : value,
      );
    };
    return compiler.visitEachChild(file, visit, context);
  };
}

/**
 * Files that are loaded at run time are no dependencies for tslab: it would emit them, which works
 * below the notebook's folder only.
 */
function mendBuilder<Host extends typescript.WatchCompilerHost<typescript.BuilderProgram>>(
  host: Host,
  isLoaded: (path: string) => boolean,
): Host {
  let notify: Host["afterProgramCreate"];
  Object.defineProperty(host, "afterProgramCreate", {
    get: () => (builder: typescript.BuilderProgram) => {
      const { getAllDependencies, emit } = builder;
      builder.getAllDependencies = (file) => getAllDependencies(file).filter((path) => !isLoaded(path));
      builder.emit = (file, write, token, declarationsOnly, transformers) => {
        const after = [spellOut(builder.getProgram().getTypeChecker()), ...(transformers?.after ?? [])];
        return emit(file, write, token, declarationsOnly, { ...transformers, after });
      };
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
