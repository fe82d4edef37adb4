import type ts from "typescript-for-cells";
import { prepare, type CellText, type Prepared } from "./cell-text.js";
import { givenNames, givenText } from "./given.js";
import { guard } from "./guards.js";
import { NotebookLanguage } from "./language.js";
import { remember } from "./positions.js";
import { rewrite, type Names } from "./rewrite.js";
import { compiler } from "./typescript.js";

/** Saved because cells may replace it. */
const { parse: parseJson } = JSON;

/** A compiler error, located in the cell's source or in a file that the cell imports. */
export interface Complaint {
  readonly code: number;
  readonly text: string;
  /** Path of the file, unless it is the cell. */
  readonly path: string | undefined;
  readonly line: number;
  readonly column: number;
}

/** Why a cell was not run: it does not parse, or its types do not fit. */
export class CompileError extends Error {
  constructor(
    readonly complaints: readonly Complaint[],
    readonly cell: CellText,
  ) {
    super(complaints.map(({ text }) => text).join("\n"));
  }
}

/** A cell ready to run. */
export interface CompiledCell {
  /** An expression that evaluates to the cell's async function; one line precedes the cell's own. */
  readonly javascript: string;
  /** The declared names that have values. */
  readonly declared: readonly string[];
  /** The declared names that are `undefined` before their declaration. */
  readonly hoisted: readonly string[];
}

/** Compiles cells, each with the types of the cells before it. */
export class Converter {
  private readonly language: NotebookLanguage;
  /** Whether a name declared by some cell has a box; names that are only described (`declare`) have none. */
  private readonly boxed = new Map<string, boolean>();

  constructor(folder: string) {
    this.language = new NotebookLanguage(folder);
    this.language.keep(givenText());
    for (const name of givenNames) this.boxed.set(name, true);
    // The first program takes a second; build it now, before a cell waits for it.
    this.language.program("export {};");
  }

  /**
   * Compiles a cell and keeps its declarations for later cells. They remain known even if the cell then fails; names
   * declared before the failure have values.
   *
   * @throws CompileError if it does not parse or its types do not fit
   */
  convert(cell: CellText): CompiledCell {
    const prepared = prepare(cell.source);
    const program = this.language.program(prepared.text);
    const file = program.getSourceFile(this.language.current)!;
    const complaints = this.complaints(program, file, cell, prepared);
    if (complaints.length > 0) throw new CompileError(complaints, cell);
    const names = this.namesIn(program, file);
    const declared = this.declare(file, program.getTypeChecker());
    const after = [rewrite(names), guard(compiler, cell.name)];
    const { javascript, map, declarations } = this.language.emit(program, {
      after: after as ts.TransformerFactory<ts.SourceFile>[],
    });
    // The compiler omits declarations in blocks from a module's declarations.
    if (prepared.isLasting)
      this.language.keep(
        prepared.names.inBlocks.size === 0 && declarations !== undefined ? declarations : prepared.text,
      );
    const body = javascript.replace(/\n\/\/# sourceMappingURL=\S+\s*$/, "");
    remember({
      ...cell,
      map: parseJson(map),
      lines: body.split("\n").length,
      ...(prepared.inserted !== undefined && { inserted: placeOf(cell.source, prepared.inserted) }),
    });
    return {
      javascript: `(async (require, module, exports, __filename, __dirname) => { "use strict";\n${body}\n})`,
      ...declared,
    };
  }

  /** The compiler's language service, with code being typed as the current cell. */
  typing(code: string): { readonly service: ts.LanguageService; readonly path: string; readonly program: ts.Program } {
    const program = this.language.program(`${code}\nexport {};`);
    return { service: this.language.service, path: this.language.current, program };
  }

  close(): void {
    this.language.service.dispose();
  }

  private complaints(program: ts.Program, file: ts.SourceFile, cell: CellText, prepared: Prepared): Complaint[] {
    const syntax = program.getSyntacticDiagnostics(file);
    // Code that does not parse has no meaningful types, and errors after the first usually follow from it.
    const found =
      syntax.length > 0
        ? syntax.slice(0, 1)
        : [...program.getSemanticDiagnostics(file), ...this.inHelpers(program, file)];
    return found.flatMap((diagnostic) => complaint(diagnostic, file, cell, prepared));
  }

  /** Errors in the user's own TypeScript files that the cell imports directly or indirectly. */
  private inHelpers(program: ts.Program, file: ts.SourceFile): ts.Diagnostic[] {
    const seen = new Set<ts.SourceFile>([file]);
    const found: ts.Diagnostic[] = [];
    const follow = (from: ts.SourceFile) => {
      for (const statement of from.statements) {
        const specifier =
          "moduleSpecifier" in statement ? (statement.moduleSpecifier as ts.Expression | undefined) : undefined;
        if (!specifier || !compiler.isStringLiteral(specifier) || !/^[./]/.test(specifier.text)) continue;
        const target = program.getTypeChecker().getSymbolAtLocation(specifier)?.valueDeclaration?.getSourceFile();
        if (!target || seen.has(target)) continue;
        seen.add(target);
        if (
          !/\.[cm]?tsx?$/.test(target.fileName) ||
          target.isDeclarationFile ||
          target.fileName.includes("/node_modules/")
        )
          continue;
        found.push(...program.getSyntacticDiagnostics(target), ...program.getSemanticDiagnostics(target));
        follow(target);
      }
    };
    follow(file);
    return found;
  }

  private namesIn(program: ts.Program, file: ts.SourceFile): Names {
    const checker = program.getTypeChecker();
    const symbolOf = (node: ts.Identifier) =>
      compiler.isShorthandPropertyAssignment(node.parent)
        ? checker.getShorthandAssignmentValueSymbol(node.parent)
        : checker.getSymbolAtLocation(node);
    return {
      isBoxed: (name) => this.boxed.get(name) === true,
      boxed: (node) => {
        const name = node.text;
        if (this.boxed.get(name) !== true) return undefined;
        const symbol = symbolOf(node);
        return symbol && this.isTopLevel(symbol, file) ? name : undefined;
      },
      isSilent: (expression) => {
        const { symbol, typeArguments } = checker.getTypeAtLocation(expression) as ts.TypeReference;
        const [value] = symbol?.name === "Promise" ? (typeArguments ?? []) : [];
        return value !== undefined && (value.flags & (compiler.TypeFlags.Void | compiler.TypeFlags.Undefined)) !== 0;
      },
    };
  }

  /** Whether a symbol is a top-level name of this or an earlier cell. */
  private isTopLevel(symbol: ts.Symbol, file: ts.SourceFile): boolean {
    return (symbol.declarations ?? []).some((declaration) => {
      const home = declaration.getSourceFile();
      return (
        (home === file || this.language.isEarlier(home.fileName)) && localsOf(home).get(symbol.escapedName) === symbol
      );
    });
  }

  /** Records which of a cell's names get boxes. */
  private declare(file: ts.SourceFile, checker: ts.TypeChecker): Pick<CompiledCell, "declared" | "hoisted"> {
    const declared: string[] = [];
    const hoisted: string[] = [];
    for (const [escaped, symbol] of localsOf(file)) {
      const name = compiler.unescapeLeadingUnderscores(escaped);
      const { flags } = symbol.flags & compiler.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
      if (!(flags & compiler.SymbolFlags.Value)) continue;
      const isReal = (symbol.declarations ?? []).some((declaration) => !isAmbient(declaration));
      this.boxed.set(name, isReal);
      if (!isReal) continue;
      declared.push(name);
      if (symbol.flags & compiler.SymbolFlags.FunctionScopedVariable) hoisted.push(name);
    }
    return { declared, hoisted };
  }
}

type Locals = ReadonlyMap<ts.__String, ts.Symbol>;

/** The top-level names of a file, which the compiler does not expose in its types. */
function localsOf(file: ts.SourceFile): Locals {
  return (file as ts.SourceFile & { readonly locals?: Locals }).locals ?? new Map();
}

function isAmbient(node: ts.Node): boolean {
  const declaration = compiler.isVariableDeclaration(node) ? node.parent.parent : node;
  if (!compiler.canHaveModifiers(declaration)) return false;
  return (compiler.getModifiers(declaration) ?? []).some(({ kind }) => kind === compiler.SyntaxKind.DeclareKeyword);
}

function complaint(
  diagnostic: ts.Diagnostic,
  cell: ts.SourceFile,
  { source }: CellText,
  { inserted }: Prepared,
): Complaint[] {
  const { file, start = 0, code } = diagnostic;
  if (!file) return [];
  const text = compiler.flattenDiagnosticMessageText(diagnostic.messageText, "\n");
  if (file !== cell) {
    const { line, character } = file.getLineAndCharacterOfPosition(start);
    return [{ code, text, path: file.fileName, line: line + 1, column: character + 1 }];
  }
  // The compiler reports something missing at a cell's end behind it, in the text added for the compiler.
  const typed = Math.min(inserted !== undefined && start > inserted ? start - 1 : start, source.trimEnd().length);
  return [{ code, text, path: undefined, ...placeOf(source, typed) }];
}

function placeOf(source: string, offset: number): { readonly line: number; readonly column: number } {
  const before = source.slice(0, offset).split("\n");
  return { line: before.length, column: before.at(-1)!.length + 1 };
}
