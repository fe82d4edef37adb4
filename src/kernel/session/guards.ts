import type ts from "typescript-for-cells";
import { cells } from "./cell.js";
import { noteThrow, noteWait, type Generated } from "./positions.js";

/*
 * JavaScript cannot be stopped from outside without losing the process's state. So the code of cells stops itself:
 * every loop iteration and every await checks whether its cell was interrupted.
 */

const loopGuard = "__seraTurn";
const waitGuard = "__seraWait";
const throwGuard = "__seraThrow";

/** Defines the functions that guarded code calls. The watchdog sets `flag` to a nonzero value while a cell should stop. */
export function defineGuards(flag: Int32Array): void {
  const turn = () => {
    if (flag[0] !== 0) cells.getStore()?.check();
  };
  // An async function, so that an error's stack continues to the awaiting function.
  const wait = async (value: unknown, place?: string) => {
    try {
      const result = await value;
      await cells.getStore()?.checkAfterWait();
      return result;
    } catch (error) {
      noteWait(error, place);
      throw error;
    }
  };
  const thrown = (value: unknown, place?: string) => {
    noteThrow(value, place);
    return value;
  };
  for (const [name, value] of Object.entries({ [loopGuard]: turn, [waitGuard]: wait, [throwGuard]: thrown })) {
    Object.defineProperty(globalThis, name, { value, configurable: true });
  }
}

/**
 * Inserts guards into a file: adds a check at the start of every loop body, and turns every `await x` into
 * `await guard(x, place)`, where `place` says where the code waited if `x` is rejected without a stack. Likewise
 * records the place of every `throw x`, for thrown values that are not Errors.
 *
 * @param name the file's name in stacks
 */
export function guard(compiler: typeof ts, name: Generated["name"]): ts.TransformerFactory<ts.SourceFile> {
  const { factory } = compiler;
  return (context) => (file) => {
    const call = (callee: string, ...values: ts.Expression[]) =>
      factory.createCallExpression(factory.createIdentifier(callee), undefined, values);
    const checked = (body: ts.Statement) =>
      factory.createBlock(
        [factory.createExpressionStatement(call(loopGuard)), ...(compiler.isBlock(body) ? body.statements : [body])],
        true,
      );
    const place = (made: ts.Node) => {
      const node = compiler.getParseTreeNode(made);
      if (!node) return factory.createVoidZero();
      const { line, character } = file.getLineAndCharacterOfPosition(node.getStart(file));
      return factory.createStringLiteral(`${name}:${line + 1}:${character + 1}`);
    };
    const visit = (node: ts.Node): ts.Node => {
      const inner = compiler.visitEachChild(node, visit, context);
      if (compiler.isAwaitExpression(inner)) {
        return factory.updateAwaitExpression(inner, call(waitGuard, inner.expression, place(node)));
      }
      if (compiler.isThrowStatement(inner)) {
        return factory.updateThrowStatement(inner, call(throwGuard, inner.expression, place(node)));
      }
      if (compiler.isWhileStatement(inner))
        return factory.updateWhileStatement(inner, inner.expression, checked(inner.statement));
      if (compiler.isDoStatement(inner))
        return factory.updateDoStatement(inner, checked(inner.statement), inner.expression);
      if (compiler.isForStatement(inner)) {
        return factory.updateForStatement(
          inner,
          inner.initializer,
          inner.condition,
          inner.incrementor,
          checked(inner.statement),
        );
      }
      if (compiler.isForInStatement(inner)) {
        return factory.updateForInStatement(inner, inner.initializer, inner.expression, checked(inner.statement));
      }
      if (compiler.isForOfStatement(inner)) {
        return factory.updateForOfStatement(
          inner,
          inner.awaitModifier,
          inner.initializer,
          inner.expression,
          checked(inner.statement),
        );
      }
      return inner;
    };
    return compiler.visitEachChild(file, visit, context);
  };
}
