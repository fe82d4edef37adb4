import assert from "node:assert/strict";
import { Session, type Runtime } from "node:inspector";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import { startKernel, type Kernel } from "../../support/jupyter-client.js";

/*
 * Cells must give the same values as V8's REPL mode gives for the same lines, however they are split into cells.
 * Names are redeclared only in ways that V8 also allows: `let` as `let`, a function as a function.
 */
const variables = ["v0", "v1", "v2"];
const functions = ["f0", "f1"];
const variable = fc.constantFrom(...variables);
const name = fc.constantFrom(...functions);
const value = fc.oneof(
  fc.integer({ min: 0, max: 9 }).map(String),
  variable,
  name.map((each) => `${each}(1)`),
);
const line = fc.oneof(
  fc.tuple(variable, value).map(([to, from]) => `${to} = ${from} + 1;`),
  fc.tuple(variable, fc.integer({ min: 0, max: 99 })).map(([to, from]) => `let ${to} = ${from};`),
  fc.tuple(variable, variable).map(([a, b]) => (a === b ? `${a}++;` : `[${a}, ${b}] = [${b}, ${a}];`)),
  fc
    .tuple(name, variable, fc.integer({ min: 1, max: 9 }))
    .map(([f, v, k]) => `function ${f}(x: number): number { return x * ${k} + ${v} }`),
  fc.tuple(variable, value).map(([to, from]) => `closures.push(() => ${to} + ${from});`),
  fc
    .tuple(variable, value)
    .map(([to, from]) => `for (let i = 0; i < 3; i++) { ${to} = (${to} + i * ${from}) % 1000; }`),
  fc.tuple(variable, value).map(([to, from]) => `${to} = await Promise.resolve(${from});`),
  variable.map((of) => `{ let ${of} = 1; ${of}++; }`),
);
const first = [
  "let v0 = 0; let v1 = 1; let v2 = 2; let closures: (() => number)[] = [];",
  "function f0(x: number): number { return x } function f1(x: number): number { return x + v0 }",
];
const last = "JSON.stringify([v0, v1, v2, f0(3), f1(3), closures.map((read) => read())])";

/** Groups lines into cells. A declaration starts a new cell, so that it precedes the uses in its cell. */
function cellsOf(lines: readonly string[], cuts: readonly boolean[]): string[] {
  const cells: string[][] = [[]];
  lines.forEach((text, i) => {
    if (cuts[i] || /^(?:let|function) /.test(text)) cells.push([]);
    cells.at(-1)!.push(text);
  });
  return cells.filter((each) => each.length > 0).map((each) => each.join("\n"));
}

/** Evaluates lines one by one in V8's REPL mode. */
async function inReplMode(session: Session, lines: readonly string[]): Promise<unknown> {
  let shown: unknown;
  for (const text of lines) {
    const expression = text.replace(/: (?:number|\(\(\) => number\)\[\])/g, "");
    const { result, exceptionDetails } = await evaluated(session, expression);
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description);
    shown = result.value;
  }
  return shown;
}

function evaluated(session: Session, expression: string): Promise<Runtime.EvaluateReturnType> {
  // Node's types lack replMode.
  const parameters: Runtime.EvaluateParameterType & { replMode: true } = {
    expression,
    replMode: true,
    awaitPromise: true,
  };
  return new Promise((resolve, reject) => {
    session.post("Runtime.evaluate", parameters, (error: Error | null, found: Runtime.EvaluateReturnType) =>
      error ? reject(error) : resolve(found),
    );
  });
}

describe("cells of random lines, split at random", () => {
  let kernel: Kernel;
  const session = new Session();
  before(async () => {
    session.connect();
    kernel = await startKernel();
  });
  after(async () => {
    session.disconnect();
    await kernel.stop();
  });

  it("give the same values as V8's REPL mode", async () => {
    const script = fc.array(fc.tuple(line, fc.boolean()), { minLength: 3, maxLength: 14 });
    await fc.assert(
      fc.asyncProperty(script, async (drawn) => {
        const lines = drawn.map(([text]) => text);
        const expected = await inReplMode(session, [...first, ...lines, last]);
        for (const code of [
          ...first,
          ...cellsOf(
            lines,
            drawn.map(([, cut]) => cut),
          ),
        ]) {
          const { error } = await kernel.execute(code);
          assert.equal(error, undefined, JSON.stringify(error));
        }
        const { result } = await kernel.execute(last);
        assert.equal((result.data["text/plain"] as string).slice(1, -1), expected);
      }),
      { numRuns: 15 },
    );
  });
});
