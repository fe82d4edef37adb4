/*
 * One living scope for all cells. A top-level name `x` lives in a box, an object with the single
 * property `x`, and cells are compiled to read and write that property: so a later cell's assignment
 * or declaration reaches everything that was defined before. A box of its own for each name keeps its
 * property typed by the engine, which makes it as fast as a variable; and packages, which share the
 * global object with cells, never meet a cell's `window`, `process` or `fetch`.
 */

/** What compiled cells call; `names.ts` keeps users from meeting these. */
export const defineName = "__seraDefine";

/** Ends the name of a box: a letter that nobody sees or types, so that a box can meet no other name. */
const mark = "\u200c";

type Box = Record<string, unknown>;
const boxes = globalThis as unknown as Record<string, Box | undefined>;

/** The global name of the box of a top-level name. */
export function boxName(name: string): string {
  return name + mark;
}

/** Makes the boxes of names that a cell is about to declare; those that exist are kept with what they hold. */
export function declare(names: Iterable<string>): void {
  for (const name of names) boxes[boxName(name)] ??= newBox(name);
}

/** Gives a name a value, whatever it was before. */
export function define(name: string, value: unknown): void {
  const box = boxes[boxName(name)]!;
  const present = Object.getOwnPropertyDescriptor(box, name);
  if (present && "value" in present) box[name] = value;
  else Object.defineProperty(box, name, { value, writable: true, enumerable: true, configurable: true });
}

/** Gives a name the value that a module's export has at any time. */
export function link(name: string, read: () => unknown): void {
  const set = (value: unknown) => define(name, value);
  Object.defineProperty(boxes[boxName(name)]!, name, { get: read, set, enumerable: true, configurable: true });
}

/** Whether a name has a value: not before its declaration has run. */
export function isDefined(name: string): boolean {
  return Object.hasOwn(boxes[boxName(name)] ?? {}, name);
}

/** Lets compiled cells reach {@link define}: they hand over `{ x: value }`, so that a function gets its name. */
export function offerScope(): void {
  const defineOnly = (holder: Box) => {
    for (const name of Object.keys(holder)) define(name, holder[name]);
  };
  Object.defineProperty(globalThis, defineName, { value: defineOnly });
}

/** An empty box: reading is an error until a value has been defined, as for `let` and `const`. */
function newBox(name: string): Box {
  const unready = {
    get() {
      throw new ReferenceError(`Cannot access '${name}' before initialization`);
    },
    set: (value: unknown) => define(name, value),
  };
  return Object.create(Object.create(null, { [name]: unready })) as Box;
}
