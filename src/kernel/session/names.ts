import type ts from "typescript-for-cells";
import { compiler } from "./typescript.js";

/** The names that a text's top level declares. */
export interface DeclaredNames {
  /** All of them, types included. */
  readonly all: ReadonlySet<string>;
  /** Names declared by `var` in blocks and loops, which still belong to the top level. */
  readonly inBlocks: ReadonlySet<string>;
}

/** Finds the names that the top level of a text declares. */
export function declaredNames(file: ts.SourceFile): DeclaredNames {
  const names = new Set<string>();
  const inBlocks = new Set<string>();
  for (const statement of file.statements) collect(statement, names, inBlocks);
  return { all: new Set([...names, ...inBlocks]), inBlocks };
}

function collect(statement: ts.Statement, names: Set<string>, inBlocks: Set<string>): void {
  if (compiler.isVariableStatement(statement)) {
    for (const { name } of statement.declarationList.declarations) collectBinding(name, names);
  } else if (compiler.isImportDeclaration(statement)) {
    collectImport(statement.importClause, names);
  } else if (compiler.isModuleDeclaration(statement)) {
    if (compiler.isIdentifier(statement.name) && !(statement.flags & compiler.NodeFlags.GlobalAugmentation))
      names.add(statement.name.text);
  } else if (isNamedDeclaration(statement)) {
    if (statement.name) names.add(statement.name.text);
  } else {
    collectVars(statement, inBlocks);
  }
}

type NamedDeclaration =
  | ts.FunctionDeclaration
  | ts.ClassDeclaration
  | ts.EnumDeclaration
  | ts.InterfaceDeclaration
  | ts.TypeAliasDeclaration
  | ts.ImportEqualsDeclaration;

function isNamedDeclaration(node: ts.Node): node is NamedDeclaration {
  return (
    compiler.isFunctionDeclaration(node) ||
    compiler.isClassDeclaration(node) ||
    compiler.isEnumDeclaration(node) ||
    compiler.isInterfaceDeclaration(node) ||
    compiler.isTypeAliasDeclaration(node) ||
    compiler.isImportEqualsDeclaration(node)
  );
}

/** The names that a pattern binds. */
function collectBinding(name: ts.BindingName, names: Set<string>): void {
  if (compiler.isIdentifier(name)) names.add(name.text);
  else for (const element of name.elements) if (compiler.isBindingElement(element)) collectBinding(element.name, names);
}

function collectImport(clause: ts.ImportClause | undefined, names: Set<string>): void {
  if (clause?.name) names.add(clause.name.text);
  const bindings = clause?.namedBindings;
  if (bindings === undefined) return;
  if (compiler.isNamespaceImport(bindings)) names.add(bindings.name.text);
  else for (const { name } of bindings.elements) names.add(name.text);
}

function collectVars(node: ts.Node, names: Set<string>): void {
  if (compiler.isFunctionLike(node) || compiler.isClassLike(node) || compiler.isModuleDeclaration(node)) return;
  if (compiler.isVariableDeclarationList(node) && !(node.flags & compiler.NodeFlags.BlockScoped)) {
    for (const { name } of node.declarations) collectBinding(name, names);
  }
  compiler.forEachChild(node, (child) => collectVars(child, names));
}
