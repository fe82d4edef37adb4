import { Script } from "node:vm";
import type { CellText } from "./cell-text.js";
import type { Converter } from "./converter.js";
import { defineGiven } from "./given.js";
import { offerImports, type CellModule } from "./imports.js";
import { declare, define, isDefined, offerScope } from "./scope.js";

/** Runs cells in the scope that they all share. */
export class Executor {
  private readonly module: CellModule;

  constructor(
    private readonly converter: Converter,
    folder: string,
  ) {
    offerScope();
    defineGiven();
    this.module = offerImports(folder);
  }

  /**
   * Runs a cell.
   *
   * @returns the value of its last expression in an array, if it has one
   * @throws CompileError if it does not compile; also whatever the cell throws
   */
  async run(cell: CellText): Promise<readonly [unknown] | undefined> {
    const { javascript, declared, hoisted } = this.converter.convert(cell);
    declare(declared);
    for (const name of hoisted) if (!isDefined(name)) define(name, undefined);
    const { require, filename, dirname } = this.module;
    const module = { exports: {} };
    // The call is part of the script, so that Node can interrupt the cell's code before its first await.
    const call = `${javascript}(...globalThis.${argumentsName})`;
    Object.defineProperty(globalThis, argumentsName, {
      value: [require, module, module.exports, filename, dirname],
      configurable: true,
    });
    const script = new Script(call, { filename: cell.name, lineOffset: -1 });
    return script.runInThisContext({ breakOnSigint: true }) as Promise<readonly [unknown] | undefined>;
  }
}

/** Global name of the arguments of a cell's function. */
const argumentsName = "__seraArguments";
