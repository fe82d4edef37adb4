// Writes api.txt, the package's public API: every exported name with its signature or its fields, read from the built
// declarations. With --check, fails if they differ from api.txt, so that the API changes only on purpose.
//     node scripts/api-snapshot.mjs [--check]
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import ts from "typescript-for-cells";

const file = "api.txt";
const { name, exports } = JSON.parse(readFileSync("package.json", "utf8"));
const entries = Object.entries(exports).flatMap(([path, { types }]) =>
  types ? [{ entry: path.replace(".", name), types: resolve(types) }] : [],
);
const options = {
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  target: ts.ScriptTarget.ES2023,
  strict: true,
  skipLibCheck: true,
  noEmit: true,
};
const program = ts.createProgram(
  entries.map(({ types }) => types),
  options,
);
const checker = program.getTypeChecker();
const flags =
  ts.TypeFormatFlags.NoTruncation |
  ts.TypeFormatFlags.WriteArrowStyleSignature |
  ts.TypeFormatFlags.OmitParameterModifiers;

/** Whether a member is public: neither private nor keyed by a symbol. */
const isOwn = ({ name, valueDeclaration, declarations = [] }) => {
  const declaration = valueDeclaration ?? declarations[0];
  return (
    !name.startsWith("__@") &&
    !name.startsWith("#") &&
    !(declaration && ts.getCombinedModifierFlags(declaration) & ts.ModifierFlags.Private)
  );
};
/** The text of a type, without the paths of its imports and the trailing commas of wrapped lines. */
const typeOf = (symbol) =>
  checker
    .typeToString(checker.getTypeOfSymbol(symbol), undefined, flags)
    .replaceAll(/import\("[^"]*"\)\./g, "")
    .replaceAll(", }", " }");
const fieldsOf = (type) => checker.getPropertiesOfType(type).filter(isOwn);
const nameOf = (field) => `${field.name}${field.flags & ts.SymbolFlags.Optional ? "?" : ""}`;

/** The lines that describe an exported name. */
function linesOf(name, exported) {
  const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
  if (symbol.flags & ts.SymbolFlags.Module)
    return checker.getExportsOfModule(symbol).flatMap((inner) => linesOf(`${name}.${inner.name}`, inner));
  if (symbol.flags & ts.SymbolFlags.Class) {
    const members = fieldsOf(checker.getDeclaredTypeOfSymbol(symbol)).map(
      (member) => `  ${nameOf(member)}: ${typeOf(member)}`,
    );
    const statics = checker
      .getPropertiesOfType(checker.getTypeOfSymbol(symbol))
      .filter((member) => isOwn(member) && member.name !== "prototype")
      .map((member) => `  static ${member.name}: ${typeOf(member)}`);
    return [`class ${name}`, ...statics, ...members];
  }
  if (symbol.flags & ts.SymbolFlags.Value)
    return [`${symbol.flags & ts.SymbolFlags.Function ? "function" : "const"} ${name}: ${typeOf(symbol)}`];
  const type = checker.getDeclaredTypeOfSymbol(symbol);
  if (symbol.flags & ts.SymbolFlags.Interface)
    return [`interface ${name} { ${fieldsOf(type).map(nameOf).join(", ")} }`];
  return [`type ${name}`];
}

const written = entries
  .map(({ entry, types }) => {
    const names = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(types)));
    const blocks = names.map((exported) => linesOf(exported.name, exported).join("\n"));
    return `# ${entry}\n\n${blocks.sort().join("\n")}\n`;
  })
  .join("\n");

if (!process.argv.includes("--check")) writeFileSync(file, written);
else if (!existsSync(file) || readFileSync(file, "utf8") !== written) {
  const before = new Set(existsSync(file) ? readFileSync(file, "utf8").split("\n") : []);
  const now = new Set(written.split("\n"));
  for (const line of before) if (!now.has(line)) console.error(`- ${line.slice(0, 200)}`);
  for (const line of now) if (!before.has(line)) console.error(`+ ${line.slice(0, 200)}`);
  console.error(
    `The API is not what ${file} says. If that is meant, run node scripts/api-snapshot.mjs and commit ${file}.`,
  );
  process.exit(1);
}
