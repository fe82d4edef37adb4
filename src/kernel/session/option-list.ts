import type ts from "typescript-for-cells";
import { compiler } from "./typescript.js";

/** An option that a function takes. */
export interface ListedOption {
  /** With `?` if it is optional. */
  readonly name: string;
  readonly type: string;
  /** Its comment on one line, which states its default. */
  readonly about: string;
}

/** Maximum characters of a type, which should not crowd out its description. */
const longestType = 60;

/**
 * Lists the options of the function named at a position: the fields of its parameters whose type name ends in `Options`
 * or `Settings`. Empty if it takes none.
 */
export function optionsOf(program: ts.Program, path: string, position: number): ListedOption[] {
  const source = program.getSourceFile(path);
  if (!source) return [];
  const checker = program.getTypeChecker();
  const node = nodeAt(source, source, position);
  const [signature] = checker.getTypeAtLocation(node).getCallSignatures();
  return (signature?.parameters ?? []).flatMap((parameter) => {
    const type = checker.getNonNullableType(checker.getTypeOfSymbolAtLocation(parameter, node));
    const { name = "" } = type.aliasSymbol ?? type.getSymbol() ?? {};
    return /(?:Options|Settings)$/.test(name)
      ? checker.getPropertiesOfType(type).map((field) => listed(checker, node, field))
      : [];
  });
}

function listed(checker: ts.TypeChecker, node: ts.Node, field: ts.Symbol): ListedOption {
  const type = checker.typeToString(checker.getNonNullableType(checker.getTypeOfSymbolAtLocation(field, node)));
  const about = field
    .getDocumentationComment(checker)
    .map(({ text }) => text)
    .join("");
  return {
    name: `${field.name}${field.flags & compiler.SymbolFlags.Optional ? "?" : ""}`,
    type: type.length > longestType ? `${type.slice(0, longestType - 1)}…` : type,
    about: about.replaceAll(/\s+/g, " ").trim(),
  };
}

/** The innermost node at a position. */
function nodeAt(source: ts.SourceFile, node: ts.Node, position: number): ts.Node {
  const inner = compiler.forEachChild(node, (child) =>
    child.getStart(source) <= position && position < child.end ? child : undefined,
  );
  return inner ? nodeAt(source, inner, position) : node;
}
