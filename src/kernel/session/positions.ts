import { SourceMap, type SourceMapPayload } from "node:module";

/** A place in a text, counted from 1 as editors do. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** JavaScript that was made of TypeScript, and the way back. */
export interface Generated {
  /** The name in V8's stacks: that of a cell, or a path. */
  readonly name: string;
  /** What the user knows it by. */
  readonly title: string;
  /** The cell's TypeScript source. */
  readonly source: string;
  readonly map: SourceMapPayload;
  /** Lines of the generated text; what comes after them is not the user's. */
  readonly lines: number;
  /** Where the compiler was given a character that was not typed. */
  readonly inserted?: Position;
}

/** The text of a file or of a cell, by the name that the user knows. */
export type SourceText = Pick<Generated, "title" | "source">;

/** A place in TypeScript. */
export interface Location extends Position {
  readonly file: SourceText;
}

const files = new Map<string, Omit<Generated, "map"> & { readonly map: SourceMap }>();
const titles = new Map<string, string>();
const waits = new WeakMap<object, string>();
/** The newest thing thrown that cannot be kept in {@link waits}. */
let newestThrow: { readonly value: unknown; readonly place: string } | undefined;

/** Makes a file's way back known. */
export function remember(file: Generated): void {
  files.set(file.name, { ...file, map: new SourceMap(file.map) });
  titles.set(file.title, file.name);
}

/** Whether a name in a stack is that of a file made here. */
export function isKnown(name: string): boolean {
  return files.has(name);
}

/** The TypeScript behind a place in generated JavaScript, or undefined if there is none. */
export function locate(name: string, { line, column }: Position): Location | undefined {
  const file = files.get(name);
  if (!file || line < 1 || line > file.lines) return undefined;
  const entry = file.map.findEntry(line - 1, column - 1);
  if (!("originalLine" in entry)) return undefined;
  return asTyped(file, { line: entry.originalLine + 1, column: entry.originalColumn + 1 });
}

/** The place that a stack names which has been told in TypeScript already. */
export function locateTitle(title: string, { line, column }: Position): Location | undefined {
  const file = files.get(titles.get(title) ?? "");
  return file && { file, line, column };
}

/**
 * Keeps where code waited for what was then rejected with this error, the innermost wait of all.
 * An error that the system or a worker raises has no stack into the cell, but it has a wait.
 *
 * @param place `name:line:column` in the TypeScript
 */
export function noteWait(error: unknown, place: string | undefined): void {
  if (place === undefined || typeof error !== "object" || error === null || waits.has(error)) return;
  waits.set(error, place);
}

/** Keeps where something was thrown that may have no stack. */
export function noteThrow(value: unknown, place: string | undefined): void {
  if (typeof value === "object" && value !== null) noteWait(value, place);
  else if (place !== undefined) newestThrow = { value, place };
}

/** Where code waited for what was rejected with this, or threw it. */
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
