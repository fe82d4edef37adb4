import { statSync } from "node:fs";
import { join } from "node:path";
import type ts from "typescript-for-cells";
import { packageFolder } from "../package-folder.js";
import { compilerOptions } from "./compiler-options.js";
import { compiler, documents } from "./typescript.js";

/*
 * The compiler's view of a notebook. Every cell that ran is a separate module whose parent scope is that of the cell
 * before it: name lookup starts at the newest cell, so a redeclared name hides the earlier one from later cells, while
 * the types in earlier cells keep their meaning.
 */

/** Number of files created at a time, because a new file costs the compiler more than a changed one. */
const step = 32;

/** Result of compiling a cell. */
export interface Emitted {
  readonly javascript: string;
  readonly map: string;
}

/** The compiler, with all cells of a notebook so far and the one being typed or run. */
export class NotebookLanguage {
  readonly service: ts.LanguageService;
  /** Path of the cell being typed or run. */
  readonly current: string;
  private readonly texts = new Map<string, string>();
  private readonly versions = new Map<string, number>();
  private readonly snapshots = new Map<
    string,
    { readonly version: string; readonly snapshot: ts.IScriptSnapshot | undefined }
  >();
  private earlier: string[] = [];
  private used = 0;

  constructor(private readonly folder: string) {
    this.current = join(folder, "__cell__.ts");
    this.write(this.current, "export {};");
    this.reserve();
    this.service = compiler.createLanguageService(this.host(), documents);
  }

  /** Builds the program with this text as the current cell. */
  program(text: string): ts.Program {
    if (this.texts.get(this.current) !== text) this.write(this.current, text);
    const program = this.service.getProgram()!;
    let outer: ts.SourceFile | undefined;
    for (const path of [...this.earlier.slice(0, this.used), this.current]) {
      const file = program.getSourceFile(path)! as { -readonly [Key in keyof ts.SourceFile]: ts.SourceFile[Key] };
      // The compiler resolves names through a node's parents; a file normally has none.
      Object.assign(file, { parent: outer });
      outer = file;
    }
    return program;
  }

  /** Whether a file is that of an earlier cell. */
  isEarlier(path: string): boolean {
    return this.earlier.includes(path);
  }

  /**
   * Compiles the current cell.
   *
   * @returns also its declarations, if all its types can be written out
   */
  emit(
    program: ts.Program,
    transformers: ts.CustomTransformers,
  ): Emitted & { readonly declarations: string | undefined } {
    const file = program.getSourceFile(this.current)!;
    const outputs: Record<string, string> = {};
    const write = (path: string, text: string) => (outputs[/(?:\.d\.ts|\.map|\.js)$/.exec(path)![0]] = text);
    program.emit(file, write, undefined, false, transformers);
    const canBeWritten = program.getDeclarationDiagnostics(file).length === 0;
    return {
      javascript: outputs[".js"]!,
      map: outputs[".map"]!,
      declarations: canBeWritten ? outputs[".d.ts"] : undefined,
    };
  }

  /** Makes a cell's declarations known to later cells. */
  keep(text: string): void {
    if (this.used === this.earlier.length) this.reserve();
    this.write(this.earlier[this.used++]!, text);
  }

  private reserve(): void {
    const paths = Array.from({ length: step + this.used }, (_, index) =>
      join(this.folder, `__cell-${this.used + index}__.ts`),
    );
    for (const path of paths) this.write(path, "export {};");
    this.earlier = [...this.earlier, ...paths];
  }

  private versionOf(path: string): string {
    return String(this.versions.get(path) ?? versionOnDisk(path));
  }

  private write(path: string, text: string): void {
    this.texts.set(path, text);
    this.versions.set(path, (this.versions.get(path) ?? 0) + 1);
  }

  private host(): ts.LanguageServiceHost {
    const options = compilerOptions();
    const files: ts.ModuleResolutionHost = {
      fileExists: (path) => this.texts.has(path) || compiler.sys.fileExists(path),
      readFile: (path) => this.texts.get(path) ?? compiler.sys.readFile(path),
      directoryExists: compiler.sys.directoryExists,
      realpath: compiler.sys.realpath!,
      getDirectories: compiler.sys.getDirectories,
      getCurrentDirectory: () => this.folder,
      useCaseSensitiveFileNames: compiler.sys.useCaseSensitiveFileNames,
    };
    const cache = compiler.createModuleResolutionCache(this.folder, (path) => path, options);
    const resolve = (name: string, from: string, redirected?: ts.ResolvedProjectReference) =>
      compiler.resolveModuleName(name, from, options, files, isLocal(name) ? undefined : cache, redirected);
    const host: ts.LanguageServiceHost & { getModuleResolutionCache(): ts.ModuleResolutionCache } = {
      getCompilationSettings: () => options,
      getScriptFileNames: () => [...this.earlier, this.current],
      getScriptVersion: (path) => this.versionOf(path),
      getScriptSnapshot: (path) => {
        // The compiler requests every file's text for every cell.
        const version = this.versionOf(path);
        const known = this.snapshots.get(path);
        if (known?.version === version) return known.snapshot;
        const snapshot = version === installed ? installedText(path) : textNow(files.readFile(path));
        this.snapshots.set(path, { version, snapshot });
        return snapshot;
      },
      getDefaultLibFileName: compiler.getDefaultLibFilePath,
      getCurrentDirectory: () => this.folder,
      useCaseSensitiveFileNames: () => compiler.sys.useCaseSensitiveFileNames,
      fileExists: files.fileExists,
      readFile: files.readFile,
      directoryExists: compiler.sys.directoryExists,
      getDirectories: compiler.sys.getDirectories,
      readDirectory: compiler.sys.readDirectory,
      realpath: compiler.sys.realpath!,
      // Without this cache, the compiler rereads every package's package.json for each cell.
      getModuleResolutionCache: () => cache,
      // Resolve the library and its dependencies even from a notebook outside the library's folder.
      resolveModuleNameLiterals: (literals, from, redirected) =>
        literals.map(({ text }) => {
          const found = resolve(text, from, redirected);
          return found.resolvedModule || isLocal(text)
            ? found
            : resolve(text, join(packageFolder, "package.ts"), redirected);
        }),
    };
    return host;
  }
}

function isLocal(name: string): boolean {
  return /^[./]/.test(name);
}

/** The version of files of installed packages. */
const installed = "installed";

function textNow(text: string | undefined): ts.IScriptSnapshot | undefined {
  return text === undefined ? undefined : compiler.ScriptSnapshot.fromString(text);
}

/** The text of an unchanging file, read only when needed; not needed if a session snapshot has already parsed it. */
function installedText(path: string): ts.IScriptSnapshot | undefined {
  if (!compiler.sys.fileExists(path)) return undefined;
  let read: string | undefined;
  const text = () => (read ??= compiler.sys.readFile(path) ?? "");
  return {
    getText: (start, end) => text().slice(start, end),
    getLength: () => text().length,
    getChangeRange: () => undefined,
  };
}

/**
 * Version of a file on disk. Installed packages do not change while a notebook runs, and checking their thousand files
 * is not free.
 */
function versionOnDisk(path: string): string {
  if (path.includes("/node_modules/")) return installed;
  const found = statSync(path, { throwIfNoEntry: false });
  return found ? `${found.mtimeMs}:${found.size}` : "none";
}
