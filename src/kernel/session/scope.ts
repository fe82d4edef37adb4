/*
 * The scope shared by all cells. A top-level name `x` is stored in a box, an object with the single property `x`, and
 * cells are compiled to read and write that property: a later cell's assignment or declaration thus reaches everything
 * defined before. With one box per name, the engine keeps the property typed, which makes it as fast as a variable; and
 * packages, which share the global object with cells, never see a cell's `window`, `process` or `fetch`.
 */

/** Function that compiled cells call; `names.ts` keeps users from declaring such names. */
export const defineName = "__seraDefine";

/** Suffix of a box's name: an invisible character that nobody types, so that box names cannot clash with others. */
const mark = "\u200c";

type Box = Record<string, unknown>;
const boxes = globalThis as unknown as Record<string, Box | undefined>;

/** The global name of the box of a top-level name. */
export function boxName(name: string): string {
  return name + mark;
}

/** Creates boxes for the names that a cell is about to declare; existing boxes keep their values. */
export function declare(names: Iterable<string>): void {
  for (const name of names) boxes[boxName(name)] ??= newBox(name);
}

/** Defines the value of a name, replacing any earlier one. */
export function define(name: string, value: unknown): void {
  const box = boxes[boxName(name)]!;
  const present = Object.getOwnPropertyDescriptor(box, name);
  if (present && "value" in present) box[name] = value;
  else Object.defineProperty(box, name, { value, writable: true, enumerable: true, configurable: true });
}

/** Binds a name to the current value of a module's export. */
export function link(name: string, read: () => unknown): void {
  const set = (value: unknown) => define(name, value);
  Object.defineProperty(boxes[boxName(name)]!, name, { get: read, set, enumerable: true, configurable: true });
}

/** Whether a name has a value; false before its declaration has run. */
export function isDefined(name: string): boolean {
  return Object.hasOwn(boxes[boxName(name)] ?? {}, name);
}

/** Makes {@link define} available to compiled cells, which pass `{ x: value }` so that a function gets its name. */
export function offerScope(): void {
  const defineOnly = (holder: Box) => {
    for (const name of Object.keys(holder)) define(name, holder[name]);
  };
  Object.defineProperty(globalThis, defineName, { value: defineOnly });
}

/** Creates an empty box: reading it before a value is defined is an error, as for `let` and `const`. */
function newBox(name: string): Box {
  const unready = {
    get() {
      throw new ReferenceError(`Cannot access '${name}' before initialization`);
    },
    set: (value: unknown) => define(name, value),
  };
  return Object.create(Object.create(null, { [name]: unready })) as Box;
}
