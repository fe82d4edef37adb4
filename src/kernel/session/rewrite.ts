import type ts from "typescript-for-cells";
import { boxName, defineName } from "./scope.js";
import { compiler } from "./typescript.js";

/** Functions that compiled cells call in addition to those of the scope; see `imports.ts`. */
export const importName = "__seraImport";
export const importedName = "__seraImported";
export const loadName = "__seraLoad";
export const metaName = "__seraMeta";

/** Information about the names in a cell. */
export interface Names {
  /** The boxed name that an identifier of the cell's TypeScript refers to, if any. */
  boxed(identifier: ts.Identifier): string | undefined;
  /** Whether a name has a box. */
  isBoxed(name: string): boolean;
  /** Whether an expression has no result to show, such as a promise of nothing. */
  isSilent(expression: ts.Expression): boolean;
}

/**
 * Compiles a cell's top level for the shared scope: names become properties of their boxes, declarations define them,
 * imports are loaded, and the value of the last expression is returned in an array. The result is the body of an async
 * function.
 */
export function rewrite(names: Names): ts.TransformerFactory<ts.SourceFile> {
  return (context) => (file) => new Rewriter(names, context).file(file);
}

/** The only user-defined name that the compiler itself writes. */
const jsxFactory = "React";

type List = ts.VariableDeclarationList;

class Rewriter {
  private readonly factory: ts.NodeFactory;
  /**
   * Names of the classes that enclose the visited node: inside a class, its name means that class, whatever is declared
   * later.
   */
  private readonly classes: string[] = [];
  private isInFunction = false;

  constructor(
    private readonly names: Names,
    private readonly context: ts.TransformationContext,
  ) {
    this.factory = context.factory;
  }

  file(file: ts.SourceFile): ts.SourceFile {
    const { factory } = this;
    const statements = this.statements(file.statements);
    const isFirst = (statement: ts.Statement) =>
      compiler.isFunctionDeclaration(statement) || compiler.isImportDeclaration(statement);
    const ordered = [...statements.filter(isFirst), ...statements.filter((statement) => !isFirst(statement))];
    return factory.updateSourceFile(
      file,
      factory.createNodeArray(ordered.flatMap((statement) => this.topLevel(statement))),
    );
  }

  /** The statements, with the last one returned if it is an expression. */
  private statements(given: readonly ts.Statement[]): ts.Statement[] {
    const statements = given.filter((statement) => !compiler.isExportDeclaration(statement));
    let last = statements.length - 1;
    while (last >= 0 && saysNothing(statements[last]!)) last--;
    const statement = statements[last];
    if (!statement) return statements;
    if (compiler.isExpressionStatement(statement) && !this.isSilent(statement.expression)) {
      statements[last] = this.returned(statement);
    } else if (compiler.isTryStatement(statement) && !compiler.getParseTreeNode(statement)) {
      // The compiler wrapped the cell in this `try` for `using`.
      const { tryBlock, catchClause, finallyBlock } = statement;
      const block = this.factory.updateBlock(tryBlock, this.statements(tryBlock.statements));
      statements[last] = this.factory.updateTryStatement(statement, block, catchClause, finallyBlock);
    }
    return statements;
  }

  private isSilent(expression: ts.Expression): boolean {
    const original = compiler.getParseTreeNode(expression);
    return original !== undefined && this.names.isSilent(original as ts.Expression);
  }

  private returned(statement: ts.ExpressionStatement): ts.Statement {
    const { factory } = this;
    return this.at(
      statement,
      factory.createReturnStatement(factory.createArrayLiteralExpression([statement.expression])),
    );
  }

  private topLevel(statement: ts.Statement): ts.Statement[] {
    if (compiler.isImportDeclaration(statement)) return this.imports(statement);
    if (compiler.isFunctionDeclaration(statement)) {
      const name = statement.name && this.boxed(statement.name);
      if (name !== undefined) return [this.at(statement, this.define(name, this.anonymous(statement)))];
    }
    return this.block(statement);
  }

  private block(statement: ts.Statement): ts.Statement[] {
    const visited = this.visit(statement);
    return visited === undefined
      ? []
      : Array.isArray(visited)
        ? (visited as ts.Statement[])
        : [visited as ts.Statement];
  }

  private readonly visit = (node: ts.Node): ts.VisitResult<ts.Node | undefined> => {
    const { factory } = this;
    if (compiler.isIdentifier(node)) return this.reference(node);
    if (compiler.isShorthandPropertyAssignment(node)) return this.shorthand(node);
    if (compiler.isPropertyAccessExpression(node)) {
      return compiler.isPropertyAccessChain(node)
        ? factory.updatePropertyAccessChain(node, this.expression(node.expression), node.questionDotToken, node.name)
        : factory.updatePropertyAccessExpression(node, this.expression(node.expression), node.name);
    }
    if (compiler.isMetaProperty(node) && node.keywordToken === compiler.SyntaxKind.ImportKeyword)
      return factory.createIdentifier(metaName);
    if (compiler.isCallExpression(node)) return this.call(node);
    if (compiler.isTaggedTemplateExpression(node)) {
      const inner = compiler.visitEachChild(node, this.visit, this.context);
      return factory.updateTaggedTemplateExpression(
        inner,
        this.unbound(node.tag, inner.tag),
        inner.typeArguments,
        inner.template,
      );
    }
    if (compiler.isClassLike(node)) return this.class(node);
    if (compiler.isFunctionLike(node)) return this.function(node);
    if (!this.isInFunction) {
      if (compiler.isVariableStatement(node)) return this.variables(node);
      if (compiler.isForStatement(node)) return this.for(node);
      if (compiler.isForInStatement(node) || compiler.isForOfStatement(node)) return this.forEach(node);
    }
    return compiler.visitEachChild(node, this.visit, this.context);
  };

  private expression(node: ts.Expression): ts.Expression {
    return compiler.visitNode(node, this.visit) as ts.Expression;
  }

  /** The boxed name of an identifier, declared or used. */
  private boxed(node: ts.Identifier): string | undefined {
    const original = compiler.getParseTreeNode(node, compiler.isIdentifier);
    const isFactory = !original && node.text === jsxFactory && this.names.isBoxed(jsxFactory);
    const name = original ? this.names.boxed(original) : isFactory ? jsxFactory : undefined;
    return name !== undefined && this.classes.includes(name) ? undefined : name;
  }

  private reference(node: ts.Identifier): ts.Expression {
    const name = this.boxed(node);
    return name === undefined ? node : this.at(node, this.box(name));
  }

  private box(name: string): ts.Expression {
    return this.factory.createPropertyAccessExpression(this.factory.createIdentifier(boxName(name)), name);
  }

  private shorthand(node: ts.ShorthandPropertyAssignment): ts.Node {
    const { factory } = this;
    const name = this.boxed(node.name);
    const initial = node.objectAssignmentInitializer && this.expression(node.objectAssignmentInitializer);
    if (name === undefined) return factory.updateShorthandPropertyAssignment(node, node.name, initial);
    const value = this.box(name);
    return this.at(
      node,
      factory.createPropertyAssignment(
        factory.createIdentifier(node.name.text),
        initial ? factory.createAssignment(value, initial) : value,
      ),
    );
  }

  private call(node: ts.CallExpression): ts.Expression {
    const { factory } = this;
    if (node.expression.kind === compiler.SyntaxKind.ImportKeyword) {
      return this.at(
        node,
        factory.createCallExpression(
          factory.createIdentifier(loadName),
          undefined,
          node.arguments.map((value) => this.expression(value)),
        ),
      );
    }
    const inner = compiler.visitEachChild(node, this.visit, this.context);
    const callee = this.unbound(node.expression, inner.expression);
    return compiler.isCallChain(inner)
      ? factory.updateCallChain(inner, callee, inner.questionDotToken, inner.typeArguments, inner.arguments)
      : factory.updateCallExpression(inner, callee, inner.typeArguments, inner.arguments);
  }

  /** Prevents a call of a boxed name from being a method call on its box. */
  private unbound(before: ts.Expression, after: ts.Expression): ts.Expression {
    if (before === after || !compiler.isIdentifier(before)) return after;
    return this.factory.createParenthesizedExpression(
      this.factory.createComma(this.factory.createNumericLiteral(0), after),
    );
  }

  private function(node: ts.Node): ts.Node {
    const outside = this.isInFunction;
    this.isInFunction = true;
    const inner = compiler.visitEachChild(node, this.visit, this.context);
    this.isInFunction = outside;
    return inner;
  }

  private anonymous(node: ts.FunctionDeclaration): ts.Expression {
    const { modifiers, asteriskToken, parameters, body } = this.function(node) as ts.FunctionDeclaration;
    const kept = modifiers?.filter(compiler.isModifier);
    return this.at(
      node,
      this.factory.createFunctionExpression(kept, asteriskToken, undefined, undefined, parameters, undefined, body!),
    );
  }

  private class(node: ts.ClassLikeDeclaration): ts.Node {
    const { factory } = this;
    const name = node.name && this.boxed(node.name);
    if (name !== undefined) this.classes.push(name);
    const inner = this.function(node) as ts.ClassLikeDeclaration;
    if (name !== undefined) this.classes.pop();
    if (!compiler.isClassDeclaration(inner) || name === undefined || this.isInFunction) return inner;
    const kept = inner.modifiers?.filter(compiler.isModifier);
    const value = factory.createClassExpression(kept, inner.name, undefined, inner.heritageClauses, inner.members);
    return this.at(node, this.define(name, this.at(node, value)));
  }

  private variables(node: ts.VariableStatement): ts.Statement[] {
    const { factory } = this;
    const original = compiler.getParseTreeNode(node) ?? compiler.getOriginalNode(node);
    const isNew =
      original !== undefined && (compiler.isEnumDeclaration(original) || compiler.isModuleDeclaration(original));
    return node.declarationList.declarations.flatMap((declaration) => {
      if (!this.isBoxing(declaration.name)) {
        const list = factory.createVariableDeclarationList(
          [compiler.visitEachChild(declaration, this.visit, this.context)],
          node.declarationList.flags,
        );
        return this.at(node, factory.createVariableStatement(undefined, list));
      }
      const { name, initializer } = declaration;
      if (!compiler.isIdentifier(name))
        return this.at(node, factory.createExpressionStatement(this.parenthesized(this.assigned(declaration)!)));
      if (!initializer && !isNew && !isBlockScoped(node.declarationList)) return [];
      const value = initializer ? this.expression(initializer) : factory.createVoidZero();
      return this.at(declaration, this.define(this.boxed(name)!, value));
    });
  }

  private isBoxing(name: ts.BindingName): boolean {
    if (compiler.isIdentifier(name)) return this.boxed(name) !== undefined;
    return name.elements.some((element) => compiler.isBindingElement(element) && this.isBoxing(element.name));
  }

  private for(node: ts.ForStatement): ts.Node {
    const { factory } = this;
    const list = node.initializer;
    const inner = compiler.visitEachChild(node, this.visit, this.context);
    if (
      !list ||
      !compiler.isVariableDeclarationList(list) ||
      !list.declarations.some(({ name }) => this.isBoxing(name))
    )
      return inner;
    const assignments = list.declarations.flatMap((declaration) => this.assigned(declaration) ?? []);
    const [head, ...tail] = assignments;
    const first = head && tail.reduce((all, next) => factory.createComma(all, next), head);
    return factory.updateForStatement(inner, first, inner.condition, inner.incrementor, inner.statement);
  }

  private forEach(node: ts.ForInStatement | ts.ForOfStatement): ts.Node {
    const { factory } = this;
    const list = node.initializer;
    const inner = compiler.visitEachChild(node, this.visit, this.context);
    if (!compiler.isVariableDeclarationList(list) || !this.isBoxing(list.declarations[0]!.name)) return inner;
    const target = this.target(list.declarations[0]!.name);
    return compiler.isForInStatement(inner)
      ? factory.updateForInStatement(inner, target, inner.expression, inner.statement)
      : factory.updateForOfStatement(inner, inner.awaitModifier, target, inner.expression, inner.statement);
  }

  /** Converts a declaration to an assignment; undefined if there is nothing to assign. */
  private assigned({ name, initializer }: ts.VariableDeclaration): ts.Expression | undefined {
    return initializer && this.factory.createAssignment(this.target(name), this.expression(initializer));
  }

  private parenthesized(expression: ts.Expression): ts.Expression {
    return this.factory.createParenthesizedExpression(expression);
  }

  /** Converts a declared name or pattern to an assignment target. */
  private target(name: ts.BindingName): ts.Expression {
    const { factory } = this;
    if (compiler.isIdentifier(name)) return this.reference(name);
    const withInitial = ({ name: inner, initializer }: ts.BindingElement) => {
      const target = this.target(inner);
      return initializer ? factory.createAssignment(target, this.expression(initializer)) : target;
    };
    if (compiler.isArrayBindingPattern(name)) {
      const elements = name.elements.map((element) => {
        if (!compiler.isBindingElement(element)) return factory.createOmittedExpression();
        return element.dotDotDotToken ? factory.createSpreadElement(this.target(element.name)) : withInitial(element);
      });
      return this.at(name, factory.createArrayLiteralExpression(elements));
    }
    const properties = name.elements.map((element) => {
      if (element.dotDotDotToken) return factory.createSpreadAssignment(this.target(element.name));
      const key = element.propertyName ?? (element.name as ts.Identifier);
      const spelled = compiler.isIdentifier(key)
        ? factory.createIdentifier(key.text)
        : (compiler.visitEachChild(key, this.visit, this.context) as ts.PropertyName);
      return factory.createPropertyAssignment(spelled, withInitial(element));
    });
    return this.at(name, factory.createObjectLiteralExpression(properties));
  }

  /** Calls the scope with `{ name: value }`. */
  private define(name: string, value: ts.Expression): ts.Statement {
    const { factory } = this;
    // Unlike all other names, `__proto__` would set the object's prototype.
    const key =
      name === "__proto__"
        ? factory.createComputedPropertyName(factory.createStringLiteral(name))
        : factory.createIdentifier(name);
    const holder = factory.createObjectLiteralExpression([factory.createPropertyAssignment(key, value)]);
    return factory.createExpressionStatement(
      factory.createCallExpression(factory.createIdentifier(defineName), undefined, [holder]),
    );
  }

  /** `if (import(…)) await imported()`: awaits a module only if necessary. */
  private imports(node: ts.ImportDeclaration): ts.Statement[] {
    const { factory } = this;
    const bindings: [imported: string, local: string][] = [];
    const clause = node.importClause;
    const named = clause?.namedBindings;
    if (clause?.name) bindings.push(["default", clause.name.text]);
    if (named && compiler.isNamespaceImport(named)) bindings.push(["*", named.name.text]);
    else
      for (const { name, propertyName } of named?.elements ?? [])
        bindings.push([(propertyName ?? name).text, name.text]);
    const list = factory.createArrayLiteralExpression(
      bindings.map((pair) =>
        factory.createArrayLiteralExpression(pair.map((name) => factory.createStringLiteral(name))),
      ),
    );
    const load = this.at(
      node,
      factory.createCallExpression(factory.createIdentifier(importName), undefined, [node.moduleSpecifier, list]),
    );
    const wait = factory.createAwaitExpression(
      factory.createCallExpression(factory.createIdentifier(importedName), undefined, []),
    );
    return [this.at(node, factory.createIfStatement(load, factory.createExpressionStatement(wait)))];
  }

  private at<Node extends ts.Node>(original: ts.Node, node: Node): Node {
    return compiler.setOriginalNode(compiler.setTextRange(node, original), original);
  }
}

function isBlockScoped(list: List): boolean {
  return (list.flags & compiler.NodeFlags.BlockScoped) !== 0;
}

/** Whether a statement has no value, so that the cell's value is that of an earlier statement. */
function saysNothing(statement: ts.Statement): boolean {
  return (
    compiler.isEmptyStatement(statement) ||
    compiler.isFunctionDeclaration(statement) ||
    compiler.isNotEmittedStatement(statement)
  );
}
