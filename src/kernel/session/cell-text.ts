import type ts from "typescript-for-cells";
import { declaredNames, type DeclaredNames } from "./names.js";
import { compiler } from "./typescript.js";

/** A cell to compile. */
export interface CellText {
  /** The cell's name in V8's stacks. */
  readonly name: string;
  /** The name shown to the user. */
  readonly title: string;
  readonly source: string;
}

/** A cell's source prepared for the compiler. Positions match the source, except after {@link Prepared.inserted}. */
export interface Prepared {
  readonly text: string;
  readonly names: DeclaredNames;
  /** Whether it declares anything for later cells: a name, or an addition to a type. */
  readonly isLasting: boolean;
  /** Offset of an inserted `(`, if any; it shifts the rest of its line by one column. */
  readonly inserted: number | undefined;
}

/**
 * Turns a cell's text into a module. Accepts two forms with an obvious meaning: an object literal as the last line, and
 * `export` before a declaration, which all later cells see anyway.
 */
export function prepare(source: string): Prepared {
  const object = lastObject(source);
  const whole = object === undefined ? source : `${source.slice(0, object)}(${source.slice(object).trimEnd()})`;
  const text = withoutExports(whole);
  const file = parse(text);
  const names = declaredNames(file);
  const isLasting =
    names.all.size > 0 ||
    file.statements.some((each) => compiler.isImportDeclaration(each) || compiler.isModuleDeclaration(each));
  // The compiler keeps only the exported types of a module.
  return { text: `${text}\nexport { ${[...names.all].join(", ")} };`, names, isLasting, inserted: object };
}

/** Parses a cell's text; the result includes the parser's errors. */
export function parse(text: string): ts.SourceFile & { readonly parseDiagnostics: readonly ts.Diagnostic[] } {
  const file = compiler.createSourceFile("cell.ts", text, compiler.ScriptTarget.Latest, false, compiler.ScriptKind.TS);
  if (!("parseDiagnostics" in file)) throw new Error("this TypeScript does not say which errors its parser has found");
  return file as ts.SourceFile & { readonly parseDiagnostics: readonly ts.Diagnostic[] };
}

/** Start of an object literal at a cell's end that a statement parser would read as a block: `{ a: 1, b: 2 }`. */
function lastObject(source: string): number | undefined {
  if (!source.trimEnd().endsWith("}")) return undefined;
  for (const statement of parse(source).statements) {
    if (!compiler.isBlock(statement)) continue;
    const start = source.indexOf("{", statement.pos + leadingTrivia(source, statement.pos));
    if (isObject(source.slice(start))) return start;
  }
  return undefined;
}

function leadingTrivia(source: string, pos: number): number {
  const ranges = compiler.getLeadingCommentRanges(source, pos);
  return ranges ? ranges.at(-1)!.end - pos : 0;
}

function isObject(text: string): boolean {
  const { statements, parseDiagnostics } = parse(`(${text})`);
  const [only, ...more] = statements;
  if (parseDiagnostics.length > 0 || more.length > 0 || !only || !compiler.isExpressionStatement(only)) return false;
  return (
    compiler.isParenthesizedExpression(only.expression) &&
    compiler.isObjectLiteralExpression(only.expression.expression)
  );
}

/** Replaces `export` by spaces, which preserves all positions. */
function withoutExports(text: string): string {
  if (!text.includes("export")) return text;
  const file = parse(text);
  let blanked = text;
  const blank = (start: number, end: number, by = "") => {
    const spaces = blanked.slice(start + by.length, end).replace(/[^\r\n]/g, " ");
    blanked = blanked.slice(0, start) + by + spaces + blanked.slice(end);
  };
  for (const statement of file.statements) {
    const start = statement.getStart(file);
    if (compiler.isExportDeclaration(statement)) {
      const { moduleSpecifier, exportClause } = statement;
      if (!moduleSpecifier) blank(start, statement.end);
      else if (exportClause && compiler.isNamedExports(exportClause)) blank(start, start + "export".length, "import");
      else blank(start, moduleSpecifier.getStart(file), "import ");
    } else if (compiler.isExportAssignment(statement)) {
      blank(start, statement.expression.getStart(file));
    } else if (compiler.canHaveModifiers(statement)) {
      const isNameless =
        (compiler.isFunctionDeclaration(statement) || compiler.isClassDeclaration(statement)) && !statement.name;
      for (const modifier of isNameless ? [] : (compiler.getModifiers(statement) ?? [])) {
        const { kind } = modifier;
        if (kind === compiler.SyntaxKind.ExportKeyword || kind === compiler.SyntaxKind.DefaultKeyword)
          blank(modifier.getStart(file), modifier.end);
      }
    }
  }
  return blanked;
}
