import { SourceMap, type SourceMapPayload } from "node:module";

/** A position in a text, counted from 1 as in editors. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** JavaScript generated from TypeScript, with its source map. */
export interface Generated {
  /** The name in V8's stacks: a cell's name, or a path. */
  readonly name: string;
  /** The name shown to the user. */
  readonly title: string;
  /** The cell's TypeScript source. */
  readonly source: string;
  readonly map: SourceMapPayload;
  /** Number of generated lines; later lines are not from the user's code. */
  readonly lines: number;
  /** Position of a character inserted for the compiler. */
  readonly inserted?: Position;
}

/** The text of a file or cell, with the name shown to the user. */
export type SourceText = Pick<Generated, "title" | "source">;

/** A location in TypeScript source. */
export interface Location extends Position {
  readonly file: SourceText;
}

const files = new Map<string, Omit<Generated, "map"> & { readonly map: SourceMap }>();
const titles = new Map<string, string>();
const waits = new WeakMap<object, string>();
/** The last thrown value that cannot be a key of {@link waits}. */
let newestThrow: { readonly value: unknown; readonly place: string } | undefined;

/** Registers a generated file and its source map. */
export function remember(file: Generated): void {
  files.set(file.name, { ...file, map: new SourceMap(file.map) });
  titles.set(file.title, file.name);
}

/** Whether a name in a stack is that of a file generated here. */
export function isKnown(name: string): boolean {
  return files.has(name);
}

/** Maps a position in generated JavaScript to TypeScript; undefined if there is no counterpart. */
export function locate(name: string, { line, column }: Position): Location | undefined {
  const file = files.get(name);
  if (!file || line < 1 || line > file.lines) return undefined;
  const entry = file.map.findEntry(line - 1, column - 1);
  if (!("originalLine" in entry)) return undefined;
  return asTyped(file, { line: entry.originalLine + 1, column: entry.originalColumn + 1 });
}

/** The location of a stack entry that is already in terms of TypeScript. */
export function locateTitle(title: string, { line, column }: Position): Location | undefined {
  const file = files.get(titles.get(title) ?? "");
  return file && { file, line, column };
}

/**
 * Records where code awaited the promise that was rejected with this error (the innermost await). An error raised by
 * the system or a worker has no stack into the cell, but it has an await.
 *
 * @param place `name:line:column` in the TypeScript
 */
export function noteWait(error: unknown, place: string | undefined): void {
  if (place === undefined || typeof error !== "object" || error === null || waits.has(error)) return;
  waits.set(error, place);
}

/** Records where a value without a stack was thrown. */
export function noteThrow(value: unknown, place: string | undefined): void {
  if (typeof value === "object" && value !== null) noteWait(value, place);
  else if (place !== undefined) newestThrow = { value, place };
}

/** Where code awaited the promise rejected with this value, or threw it. */
export function waitedAt(thrown: unknown): Location | undefined {
  if (typeof thrown === "object" && thrown !== null) return placeCalled(waits.get(thrown));
  return newestThrow && Object.is(newestThrow.value, thrown) ? placeCalled(newestThrow.place) : undefined;
}

function placeCalled(place = ""): Location | undefined {
  const [, name, line, column] = /^(.*):(\d+):(\d+)$/.exec(place) ?? [];
  const file = files.get(name ?? "");
  return file && asTyped(file, { line: Number(line), column: Number(column) });
}

function asTyped(file: SourceText & Pick<Generated, "inserted">, { line, column }: Position): Location {
  const { inserted } = file;
  const isShifted = inserted !== undefined && line === inserted.line && column > inserted.column;
  return { file, line, column: isShifted ? column - 1 : column };
}
