import { Script } from "node:vm";
import type { CellText } from "./cell-text.js";
import type { Converter } from "./converter.js";
import { defineGiven } from "./given.js";
import { offerImports, type CellModule } from "./imports.js";
import { declare, define, isDefined, offerScope } from "./scope.js";

/** Runs cells in the one scope that all of them share. */
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
   * @returns the value of its last expression in an array, where it has one
   * @throws CompileError if it does not compile, and what it throws itself
   */
  async run(cell: CellText): Promise<readonly [unknown] | undefined> {
    const { javascript, declared, hoisted } = this.converter.convert(cell);
    declare(declared);
    for (const name of hoisted) if (!isDefined(name)) define(name, undefined);
    const { require, filename, dirname } = this.module;
    const module = { exports: {} };
    // The call stands in the script, so that Node can break into what a cell does before its first wait.
    const call = `${javascript}(...globalThis.${argumentsName})`;
    Object.defineProperty(globalThis, argumentsName, {
      value: [require, module, module.exports, filename, dirname],
      configurable: true,
    });
    const script = new Script(call, { filename: cell.name, lineOffset: -1 });
    return script.runInThisContext({ breakOnSigint: true }) as Promise<readonly [unknown] | undefined>;
  }
}

/** Where a cell's function finds what it is called with. */
const argumentsName = "__seraArguments";
