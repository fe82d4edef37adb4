import { Environment, Interpreter } from "@huggingface/jinja";
import { textFunctions } from "./template-text.js";

/**
 * TaskOptions that one rendering may take, some seconds of it: a step of the template is 1, each item that a loop goes through
 * is 1 more, and so are each 64 characters or items of what a step gives. A turn of a conversation takes about 100.
 */
const mostWork = 1_000_000;
const sizePerWork = 64;

/** The most items of a range, as in the sandbox of Python's Jinja. */
const longestRange = 100_000;

/** A part of a parsed template, as far as it is looked at here. */
interface Statement {
  readonly type: string;
  readonly value?: unknown;
  /** Of a call: what is called, and with what. */
  readonly callee?: Statement;
  readonly args?: readonly Statement[];
  /** Of an attribute: what has it, and its name. */
  readonly object?: Statement;
  readonly property?: Statement;
  /** Of a filter: what goes through it, and its name or its call. */
  readonly operand?: Statement;
  readonly filter?: Statement;
  /** Of a loop: what it goes through (`lhs` where it has a condition), and its parts. */
  readonly iterable?: Statement;
  readonly lhs?: Statement;
  readonly body?: readonly Statement[];
  readonly defaultBlock?: readonly Statement[];
}
interface RuntimeValue {
  value: unknown;
}

/** The package's own declarations name files without their endings, so that TypeScript finds none of its classes. */
const LibraryInterpreter = Interpreter as new (environment: unknown) => {
  run(program: unknown): { readonly value: string };
  evaluate(statement: Statement | undefined, environment: unknown): RuntimeValue;
  evaluateBlock(statements: readonly Statement[], environment: unknown): RuntimeValue;
};

/**
 * The library's interpreter for one rendering, with an end to what a template may do, and with what the library does
 * in another way than Python's Jinja: what a loop's turn has written before `break` or `continue` is kept, and
 * {@link textFunctions} are Python's. A template sees the values that it is given and
 * nothing of JavaScript: the library looks attributes up in maps, never in the objects themselves.
 */
export class TemplateInterpreter extends LibraryInterpreter {
  private work = 0;
  private readonly loopBodies = new WeakSet<readonly Statement[]>();
  private readonly loopItems = new WeakSet<Statement>();
  /** What the library throws where a loop's turn is left early, and what the turn has written. */
  private leaving?: { readonly error: unknown; readonly type: string; text: string };

  /** @param variables what the template sees, beside the functions of every chat template */
  constructor(variables: Readonly<Record<string, unknown>>) {
    const environment = new Environment() as { set(name: string, value: unknown): void };
    const constants = { true: true, false: false, none: null, True: true, False: false, None: null };
    for (const [name, value] of Object.entries({ ...constants, range, raise_exception, ...variables })) environment.set(name, value);
    super(environment);
  }

  override evaluate(statement: Statement | undefined, environment: unknown): RuntimeValue {
    if (statement?.type === "CallExpression" && statement.callee?.value === "strftime_now") {
      throw new Error("it writes today's date, by which the same data would give other tokens tomorrow");
    }
    this.spend(1);
    const result =
      statement?.type === "For"
        ? this.evaluateLoop(statement, environment)
        : (this.evaluateTextFunction(statement, environment) ?? this.evaluateOther(statement, environment));
    const { value } = result;
    if (typeof value === "string" || Array.isArray(value)) {
      this.spend(statement !== undefined && this.loopItems.has(statement) ? value.length : value.length / sizePerWork);
    }
    return result;
  }

  private evaluateLoop(statement: Statement, environment: unknown): RuntimeValue {
    this.loopBodies.add(statement.body!);
    this.loopItems.add(statement.iterable!.lhs ?? statement.iterable!);
    const result = super.evaluate(statement, environment);
    if (this.leaving === undefined) return result;
    if (statement.defaultBlock!.length > 0) throw new Error("it leaves a loop that has an else, which is not supported");
    result.value = `${result.value as string}${this.leaving.text}`;
    delete this.leaving;
    return result;
  }

  private evaluateTextFunction(statement: Statement | undefined, environment: unknown): RuntimeValue | undefined {
    const call = statement?.type === "FilterExpression" ? statement.filter : statement;
    const name = call?.type === "CallExpression" ? call.callee : call;
    const isMethod = statement?.type === "CallExpression" && name?.type === "MemberExpression";
    const subject = statement?.type === "FilterExpression" ? statement.operand : isMethod ? name.object : undefined;
    const key = isMethod ? name.property?.value : name?.value;
    if (subject === undefined || typeof key !== "string" || !Object.hasOwn(textFunctions, key)) return undefined;
    const text = this.evaluate(subject, environment).value;
    if (typeof text !== "string") return undefined;
    const given = (call?.args ?? []).map((argument) => this.evaluate(argument, environment).value);
    const value = textFunctions[key]!(text, ...given);
    return super.evaluate({ type: typeof value === "string" ? "StringLiteral" : "IntegerLiteral", value }, environment);
  }

  private evaluateOther(statement: Statement | undefined, environment: unknown): RuntimeValue {
    try {
      return super.evaluate(statement, environment);
    } catch (error) {
      if (statement?.type === "Break" || statement?.type === "Continue") this.leaving = { error, type: statement.type, text: "" };
      throw error;
    }
  }

  override evaluateBlock(statements: readonly Statement[], environment: unknown): RuntimeValue {
    const block = super.evaluateBlock([], environment);
    let text = "";
    try {
      for (const statement of statements) text += super.evaluateBlock([statement], environment).value as string;
    } catch (error) {
      const { leaving } = this;
      if (leaving === undefined || leaving.error !== error) throw error;
      leaving.text = text + leaving.text;
      if (leaving.type === "Break" || !this.loopBodies.has(statements)) throw error;
      text = leaving.text;
      delete this.leaving;
    }
    block.value = text;
    return block;
  }

  private spend(work: number): void {
    this.work += work;
    if (this.work > mostWork) throw new Error("it does not come to an end");
  }
}

function range(start: number, stop?: number, step = 1): number[] {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  const count = Math.max(0, Math.ceil((to - from) / step));
  if (!Number.isInteger(count)) throw new Error(`a range from ${from} to ${to} by ${step}`);
  if (count > longestRange) throw new Error(`a range of ${count} items, where ${longestRange} are the most`);
  return Array.from({ length: count }, (_, i) => from + i * step);
}

function raise_exception(message: unknown): never {
  throw new Error(String(message));
}
