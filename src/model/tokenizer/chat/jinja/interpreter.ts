import { bound } from "./arguments.js";
import { filterNames, filters, type FilterContext } from "./filters.js";
import { itemOf, sliceOf } from "./indexing.js";
import { methodOf } from "./methods.js";
import { binary, unary } from "./operators.js";
import { str } from "./print.js";
import { strftime } from "./strftime.js";
import { passes } from "./tests.js";
import {
  asInt,
  Callable,
  Dict,
  equals,
  isTrue,
  itemsOf,
  Loop,
  Namespace,
  Range,
  TemplateError,
  Tuple,
  Undefined,
  type Value,
} from "./values.js";

/**
 * Limit of the work of one rendering, which corresponds to a few seconds: each step of the template counts 1, each loop item 1
 * more, and every 64 characters or items of a step's result 1 more. A turn of a conversation takes about 100.
 */
const mostWork = 1_000_000;
const sizePerWork = 64;

/** Most items of a range, as in the sandbox of Python's Jinja. */
const longestRange = 100_000;

/** Deepest nesting of macro calls. */
const deepestCall = 100;

/** A part of a template as parsed by the library. */
export interface Node {
  readonly type: string;
  readonly [part: string]: unknown;
}

type Left = "break" | "continue" | undefined;

/** Variables visible at a point of the template. */
class Scope {
  private readonly variables = new Map<string, Value>();

  constructor(private readonly outer?: Scope) {}

  get(name: string): Value | undefined {
    return this.variables.get(name) ?? (this.variables.has(name) ? null : this.outer?.get(name));
  }

  set(name: string, value: Value): void {
    this.variables.set(name, value);
  }
}

/**
 * Renders a parsed template once, as Python's Jinja does in transformers' sandbox. A template can access only the values it is
 * given and nothing of JavaScript; one that would not end is stopped.
 */
export class TemplateRun {
  private readonly globals = new Scope();
  private work = 0;
  private depth = 0;
  private out: string[] = [];
  private readonly context: FilterContext = {
    item: (value, name) => this.attribute(value, name, "item"),
    attribute: (value, name) => this.attributeAlone(value, name),
    filter: (name, value, args, named) => this.filtered(name, value, args, named),
  };

  /**
   * @param variables visible to the template, besides the functions of every chat template
   * @param now the date for the template; without one it has no clock
   */
  constructor(variables: Readonly<Record<string, Value>>, now?: Date) {
    const constants = { true: true, false: false, none: null, True: true, False: false, None: null };
    for (const [name, value] of Object.entries({ ...constants, ...globalFunctions(), ...variables }))
      this.globals.set(name, value);
    if (now)
      this.globals.set("strftime_now", new Callable("strftime_now", (args) => strftime(now, str(args[0] ?? ""))));
  }

  render(program: Node): string {
    this.execute(program["body"] as readonly Node[], new Scope(this.globals));
    return this.out.join("");
  }

  /** The output of statements. */
  private captured(statements: readonly Node[], scope: Scope): string {
    const { out } = this;
    this.out = [];
    try {
      this.execute(statements, scope);
      return this.out.join("");
    } finally {
      this.out = out;
    }
  }

  private execute(statements: readonly Node[], scope: Scope): Left {
    for (const statement of statements) {
      const left = this.statement(statement, scope);
      if (left) return left;
    }
    return undefined;
  }

  private statement(node: Node, scope: Scope): Left {
    this.spend(1);
    switch (node.type) {
      case "Comment":
        return undefined;
      case "Break":
        return "break";
      case "Continue":
        return "continue";
      case "If":
        return this.execute(
          node[isTrue(this.evaluate(node["test"] as Node, scope)) ? "body" : "alternate"] as readonly Node[],
          scope,
        );
      case "For":
        this.loop(node, scope);
        return undefined;
      case "Set":
        this.assign(
          node["assignee"] as Node,
          node["value"]
            ? this.evaluate(node["value"] as Node, scope)
            : this.captured(node["body"] as readonly Node[], new Scope(scope)),
          scope,
        );
        return undefined;
      case "Macro": {
        const name = (node["name"] as Node)["value"] as string;
        scope.set(name, this.macro(name, node["args"] as readonly Node[], node["body"] as readonly Node[], scope));
        return undefined;
      }
      case "CallStatement":
        this.write(this.callBlock(node, scope));
        return undefined;
      case "FilterStatement":
        this.write(
          str(
            this.applyFilter(
              node["filter"] as Node,
              this.captured(node["body"] as readonly Node[], new Scope(scope)),
              scope,
            ),
          ),
        );
        return undefined;
      default:
        this.write(str(this.evaluate(node, scope)));
        return undefined;
    }
  }

  private write(text: string): void {
    this.spend(text.length / sizePerWork);
    this.out.push(text);
  }

  private loop(node: Node, scope: Scope): void {
    const iterable = node["iterable"] as Node;
    const isFiltered = iterable.type === "SelectExpression";
    const all = itemsOf(this.evaluate(isFiltered ? (iterable["lhs"] as Node) : iterable, scope));
    this.spend(all.length);
    const target = node["loopvar"] as Node;
    const items = !isFiltered
      ? all
      : all.filter((item) => {
          const inner = new Scope(scope);
          this.assign(target, item, inner);
          return isTrue(this.evaluate(iterable["test"] as Node, inner));
        });
    const outer = scope.get("loop");
    const loop = new Loop(items, outer instanceof Loop ? outer.depth + 1 : 1);
    let finished = false;
    for (const [index, item] of items.entries()) {
      loop.index = index;
      const inner = new Scope(scope);
      inner.set("loop", loop);
      this.assign(target, item, inner);
      const left = this.execute(node["body"] as readonly Node[], inner);
      if (left === undefined) finished = true;
      if (left === "break") break;
    }
    // As in Jinja: an iteration that is left early does not count.
    if (!finished) this.execute(node["defaultBlock"] as readonly Node[], new Scope(scope));
  }

  private assign(target: Node, value: Value, scope: Scope): void {
    if (target.type === "Identifier") {
      scope.set(target["value"] as string, value);
    } else if (target.type === "TupleLiteral") {
      const targets = target["value"] as readonly Node[];
      const items = itemsOf(value);
      if (items.length !== targets.length)
        throw new TemplateError(`${items.length} values to unpack, where ${targets.length} are expected`);
      targets.forEach((each, i) => this.assign(each, items[i]!, scope));
    } else if (target.type === "MemberExpression" && !target["computed"]) {
      const object = this.evaluate(target["object"] as Node, scope);
      if (!(object instanceof Namespace)) throw new TemplateError("cannot assign attribute on non-namespace object");
      object.attributes.set(attributeName((target["property"] as Node)["value"] as string), value);
    } else {
      throw new TemplateError("a value is set to something that is no name");
    }
  }

  private macro(name: string, parameters: readonly Node[], body: readonly Node[], scope: Scope): Callable {
    const names = parameters.map(
      (node) => (node.type === "KeywordArgumentExpression" ? (node["key"] as Node) : node)["value"] as string,
    );
    const uses = (special: string) =>
      JSON.stringify(body, withMaps).includes(`"type":"Identifier","value":"${special}"`);
    const [takesMore, takesNamed] = [uses("varargs"), uses("kwargs")];
    return new Callable(name, (args, named) => {
      const inner = new Scope(scope);
      const left = new Map(named);
      const caller = left.get("caller");
      left.delete("caller");
      inner.set("caller", caller ?? new Undefined("No caller defined"));
      parameters.forEach((node, i) => {
        const own = names[i]!;
        if (i < args.length && left.has(own))
          throw new TemplateError(`macro '${name}' got several values for '${own}'`);
        const given = i < args.length ? args[i] : left.get(own);
        left.delete(own);
        const isDefault = given === undefined && node.type === "KeywordArgumentExpression";
        inner.set(
          own,
          isDefault
            ? this.evaluate(node["value"] as Node, inner)
            : given === undefined
              ? new Undefined(`parameter '${own}' was not provided`)
              : given,
        );
      });
      if (takesMore) inner.set("varargs", new Tuple(args.slice(names.length)));
      else if (args.length > names.length)
        throw new TemplateError(`macro '${name}' takes not more than ${names.length} argument(s)`);
      if (takesNamed) inner.set("kwargs", new Dict(left));
      else if (left.size > 0)
        throw new TemplateError(`macro '${name}' takes no keyword argument '${[...left.keys()][0]}'`);
      if (++this.depth > deepestCall) throw new TemplateError("it does not come to an end");
      try {
        return this.captured(body, inner);
      } finally {
        this.depth--;
      }
    });
  }

  private callBlock(node: Node, scope: Scope): string {
    const caller = this.macro(
      "caller",
      (node["callerArgs"] as readonly Node[] | null) ?? [],
      node["body"] as readonly Node[],
      scope,
    );
    const call = node["call"] as Node;
    const { args, named } = this.given(call["args"] as readonly Node[], scope);
    return str(
      this.called(this.evaluate(call["callee"] as Node, scope), args, new Map([...named, ["caller", caller]])),
    );
  }

  private evaluate(node: Node | undefined, scope: Scope): Value {
    this.spend(1);
    const value = this.expression(node!, scope);
    if (typeof value === "string" || Array.isArray(value)) this.spend(value.length / sizePerWork);
    return value;
  }

  private expression(node: Node, scope: Scope): Value {
    const part = (name: string) => this.evaluate(node[name] as Node, scope);
    switch (node.type) {
      case "StringLiteral":
        return node["value"] as string;
      case "IntegerLiteral":
        return intOf(node["value"] as number);
      case "FloatLiteral":
        return node["value"] as number;
      case "ArrayLiteral":
        return (node["value"] as readonly Node[]).map((item) => this.evaluate(item, scope));
      case "TupleLiteral":
        return new Tuple((node["value"] as readonly Node[]).map((item) => this.evaluate(item, scope)));
      case "ObjectLiteral":
        return new Dict(
          [...(node["value"] as ReadonlyMap<Node, Node>)].map(([key, value]) => [
            this.evaluate(key, scope),
            this.evaluate(value, scope),
          ]),
        );
      case "Identifier": {
        const name = node["value"] as string;
        const value = scope.get(name);
        return value === undefined ? new Undefined(`'${name}'`) : value;
      }
      case "UnaryExpression": {
        const operator = (node["operator"] as { value: string }).value;
        return operator === "not" ? !isTrue(part("argument")) : unary(operator, part("argument"));
      }
      case "BinaryExpression": {
        const operator = (node["operator"] as { value: string }).value;
        const left = part("left");
        if (operator === "and") return isTrue(left) ? part("right") : left;
        if (operator === "or") return isTrue(left) ? left : part("right");
        return binary(operator, left, part("right"));
      }
      case "Ternary":
        return isTrue(part("condition")) ? part("trueExpr") : part("falseExpr");
      case "SelectExpression":
        return isTrue(part("test"))
          ? part("lhs")
          : new Undefined("the inline if-expression evaluated to false and no else section was defined, it");
      case "FilterExpression":
        return this.applyFilter(node["filter"] as Node, part("operand"), scope);
      case "MemberExpression":
        return this.member(node, scope);
      case "CallExpression": {
        if ((node["callee"] as Node)["value"] === "strftime_now" && scope.get("strftime_now") === undefined) {
          throw new TemplateError(
            "it writes today's date, by which the same data would give other tokens tomorrow; put a date's text, such as '26 Jul 2024', in place of strftime_now(…) in the template",
          );
        }
        const callee = part("callee");
        const { args, named } = this.given(node["args"] as readonly Node[], scope);
        return this.called(callee, args, named);
      }
    }
    throw new TemplateError(`${node.type}, which is not supported`);
  }

  private member(node: Node, scope: Scope): Value {
    const object = this.evaluate(node["object"] as Node, scope);
    const property = node["property"] as Node;
    if (property.type === "SliceExpression") {
      const parts = ["start", "stop", "step"].map((name) =>
        property[name] ? this.evaluate(property[name] as Node, scope) : undefined,
      );
      return sliceOf(object, parts) ?? new Undefined("a slice of what has none");
    }
    if (node["computed"]) return this.attribute(object, this.evaluate(property, scope), "item");
    return property.type === "IntegerLiteral"
      ? this.attribute(object, intOf(property["value"] as number), "item")
      : this.attribute(object, property["value"] as string, "attribute");
  }

  /** `value.name`, which looks for an attribute and then for an item, or `value[name]`, which looks in the opposite order. */
  private attribute(value: Value, name: Value, first: "attribute" | "item"): Value {
    if (value instanceof Undefined) throw new TemplateError(`${value.what} is undefined`);
    const isHidden = typeof name === "string" && name.startsWith("_");
    const attribute = () => (typeof name === "string" && !isHidden ? this.attributeOf(value, name) : undefined);
    const item = () => itemOf(value, name);
    const found = first === "attribute" ? (attribute() ?? item()) : (item() ?? attribute());
    if (found === undefined && (first === "attribute" ? attribute() : item()) === null) return null;
    return found === undefined ? new Undefined(`'${str(name)}'`) : found;
  }

  private attributeAlone(value: Value, name: Value): Value {
    if (value instanceof Undefined) throw new TemplateError(`${value.what} is undefined`);
    const found = typeof name === "string" && !name.startsWith("_") ? this.attributeOf(value, name) : undefined;
    return found === undefined ? new Undefined(`'${str(name)}'`) : found;
  }

  private attributeOf(value: Value, name: string): Value | undefined {
    if (value instanceof Namespace) return value.attributes.get(name);
    if (value instanceof Loop) return loopAttribute(value, name);
    return methodOf(value, name);
  }

  private given(nodes: readonly Node[], scope: Scope): { args: Value[]; named: Map<string, Value> } {
    const args: Value[] = [];
    const named = new Map<string, Value>();
    for (const node of nodes) {
      if (node.type === "KeywordArgumentExpression")
        named.set((node["key"] as Node)["value"] as string, this.evaluate(node["value"] as Node, scope));
      else if (node.type === "SpreadExpression") args.push(...itemsOf(this.evaluate(node["argument"] as Node, scope)));
      else if (node.type === "KeywordSpreadExpression") {
        const value = this.evaluate(node["argument"] as Node, scope);
        if (!(value instanceof Dict)) throw new TemplateError("argument after ** must be a mapping");
        for (const [key, each] of value.entries()) named.set(str(key), each);
      } else args.push(this.evaluate(node, scope));
    }
    return { args, named };
  }

  private called(callee: Value, args: readonly Value[], named: ReadonlyMap<string, Value>): Value {
    if (callee instanceof Callable) return callee.call(args, named);
    if (callee instanceof Undefined) throw new TemplateError(`${callee.what} is undefined, or not for templates`);
    throw new TemplateError(`what is called is not a function`);
  }

  private applyFilter(filter: Node, value: Value, scope: Scope): Value {
    const isCall = filter.type === "CallExpression";
    const name = (isCall ? (filter["callee"] as Node) : filter)["value"];
    if (typeof name !== "string") throw new TemplateError("a filter without a name");
    const { args, named } = isCall
      ? this.given(filter["args"] as readonly Node[], scope)
      : { args: [], named: new Map<string, Value>() };
    return this.filtered(name, value, args, named);
  }

  private filtered(name: string, value: Value, args: readonly Value[], named: ReadonlyMap<string, Value>): Value {
    this.spend(1);
    const test = /^is (not )?(.*)$/.exec(name);
    if (test) return passes(test[2]!, value, args) !== Boolean(test[1]);
    const own = filterNames[name] ?? name;
    if (!Object.hasOwn(filters, own)) throw new TemplateError(`the filter "${name}", which is not supported`);
    return filters[own]!(value, args, named, this.context);
  }

  private spend(work: number): void {
    this.work += work;
    if (this.work > mostWork) throw new TemplateError("it does not come to an end");
  }
}

/** An integer literal. The library's parser has already rounded values beyond 2^53. */
function intOf(value: number): bigint {
  if (!Number.isSafeInteger(value))
    throw new TemplateError("an integer beyond 2^53 in the template, which is not supported");
  return BigInt(value);
}

function withMaps(_: string, part: unknown): unknown {
  return part instanceof Map ? [...part] : part;
}

function attributeName(name: string): string {
  if (name.startsWith("_"))
    throw new TemplateError(`a namespace's attribute ${name}, whose name begins with an underscore`);
  return name;
}

function loopAttribute(loop: Loop, name: string): Value | undefined {
  const { items, index, depth } = loop;
  const numbers: Readonly<Record<string, number>> = {
    index: index + 1,
    index0: index,
    revindex: items.length - index,
    revindex0: items.length - index - 1,
    length: items.length,
    depth,
    depth0: depth - 1,
  };
  if (Object.hasOwn(numbers, name)) return BigInt(numbers[name]!);
  switch (name) {
    case "first":
      return index === 0;
    case "last":
      return index === items.length - 1;
    case "previtem":
      return index > 0 ? items[index - 1]! : new Undefined("there is no previous item, it");
    case "nextitem":
      return index < items.length - 1 ? items[index + 1]! : new Undefined("there is no next item, it");
    case "cycle":
      return new Callable("cycle", (args) => {
        if (args.length === 0) throw new TemplateError("no items for cycling given");
        return args[index % args.length]!;
      });
    case "changed":
      return new Callable("changed", (args) => {
        const before = loop.changedTo;
        loop.changedTo = [...args];
        return before === undefined || !equals(before, loop.changedTo);
      });
  }
  return undefined;
}

function globalFunctions(): Record<string, Callable> {
  return {
    range: new Callable("range", (args) => {
      const numbers = args.map(asInt);
      if (numbers.length === 0 || numbers.length > 3 || numbers.includes(undefined))
        throw new TemplateError("range expects one to three integers");
      const [a, b, step = 1n] = numbers as bigint[];
      return b === undefined ? new Range(0n, a!, 1n, longestRange) : new Range(a!, b, step, longestRange);
    }),
    namespace: new Callable("namespace", (args, named) => {
      const made = new Namespace();
      for (const [key, value] of pairsOf("namespace", args, named)) made.attributes.set(attributeName(str(key)), value);
      return made;
    }),
    dict: new Callable("dict", (args, named) => new Dict(pairsOf("dict", args, named))),
    raise_exception: new Callable("raise_exception", (args, named) => {
      throw new TemplateError(str(bound("raise_exception", ["message"], 1, args, named)[0]!));
    }),
  };
}

/** Entries of a dict or of pairs, and keyword arguments. */
function pairsOf(what: string, args: readonly Value[], named: ReadonlyMap<string, Value>): (readonly [Value, Value])[] {
  if (args.length > 1) throw new TemplateError(`${what} takes at most one argument without a name`);
  const [first] = args;
  const given =
    first === undefined
      ? []
      : first instanceof Dict
        ? first.entries()
        : itemsOf(first).map((pair) => itemsOf(pair) as unknown as [Value, Value]);
  return [...given, ...[...named].map(([key, value]) => [key, value] as const)];
}
