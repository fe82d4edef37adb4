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
  /** The TypeScript as typed. */
  readonly source: string;
  /** The compiler's maps, the last step's first. */
  readonly maps: readonly SourceMapPayload[];
  /** Lines of the generated text; what comes after them is not the user's. */
  readonly lines: number;
  /** Columns that stand before the generated text in its first line. */
  readonly indent?: number;
  /** Lines that stand before the source in what was compiled. */
  readonly offset?: number;
}

/** A place in TypeScript. */
export interface Location extends Position {
  readonly file: Generated;
}

/** Whether a name in a stack is that of a file made here. */
export function isKnown(name: string): boolean {
  return files.has(name);
}

/** Generated JavaScript without the comment that leads to its map. */
export function withoutMapComment(javascript: string): string {
  return javascript.replace(/\n\/\/# sourceMappingURL=\S+\s*$/, "");
}

const files = new Map<string, Generated & { readonly parsed: readonly SourceMap[] }>();
const waits = new WeakMap<object, string>();

/** Makes a file's way back known. */
export function remember(file: Generated): void {
  files.set(file.name, { ...file, parsed: file.maps.map((map) => new SourceMap(map)) });
}

/** The TypeScript behind a place in generated JavaScript, or undefined where there is none. */
export function locate(name: string, { line, column }: Position): Location | undefined {
  const file = files.get(name);
  if (!file || line > file.lines) return undefined;
  return walk(file, file.parsed, { line, column: line === 1 ? column - (file.indent ?? 0) : column });
}

/**
 * Keeps where code waited for what was then rejected with this error, the innermost wait of all.
 * An error that the system or a worker raises has no stack into the cell, but it has a wait.
 *
 * @param place `name:line:column` in the JavaScript before its last step
 */
export function noteWait(error: unknown, place: string | undefined): void {
  if (place === undefined || typeof error !== "object" || error === null || waits.has(error)) return;
  waits.set(error, place);
}

/** Where code waited for what was rejected with this error. */
export function waitedAt(error: object): Location | undefined {
  const [, name, line, column] = /^(.*):(\d+):(\d+)$/.exec(waits.get(error) ?? "") ?? [];
  const file = name === undefined ? undefined : files.get(name);
  return file && walk(file, file.parsed.slice(1), { line: Number(line), column: Number(column) });
}

function walk(file: Generated, maps: readonly SourceMap[], start: Position): Location | undefined {
  let { line, column } = start;
  for (const map of maps) {
    const entry = map.findEntry(line - 1, column - 1);
    if (!("originalLine" in entry)) return undefined;
    line = entry.originalLine + 1;
    column = entry.originalColumn + 1;
  }
  line -= file.offset ?? 0;
  return line >= 1 ? { file, line, column } : undefined;
}
