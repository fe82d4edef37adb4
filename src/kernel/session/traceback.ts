import { pathToFileURL } from "node:url";
import { inspect } from "node:util";
import { packageFolder } from "../package-folder.js";
import type { CellError } from "../session-protocol.js";
import { Interrupted } from "./cell.js";
import type { CellText } from "./cell-text.js";
import { CompileError, type Complaint } from "./converter.js";
import { locateTitle, waitedAt, type Location } from "./positions.js";

// Bold, because plain red on the pale red of an error is hard to read.
const red = (text: string) => `\x1b[1;31m${text}\x1b[0m`;
const faint = (text: string) => `\x1b[2m${text}\x1b[22m`;

/** Lines of the cell shown before and after the one at fault. */
const contextLines = 2;
const deepestCause = 5;

/** Describes a failure as the protocol's `error` message does, with positions in the cell's TypeScript source. */
export function describeError(thrown: unknown): CellError {
  if (isInterrupt(thrown)) return describeInterrupt(thrown);
  if (thrown instanceof CompileError) return describeDiagnostics(thrown);
  if (!isError(thrown)) return describeValue(thrown);
  const name = thrown.name || "Error";
  return { ename: name, evalue: thrown.message, traceback: describe(thrown, 0) };
}

/** Describes an interrupt, and where it stopped the cell, if known. */
function describeInterrupt(thrown: unknown): CellError {
  const { name, message } = new Interrupted();
  const [, ...lines] = describe(thrown as Error, 0);
  return { ename: name, evalue: message, traceback: [`${red(name)}: ${message}`, ...lines] };
}

/** Describes a thrown value that is not an Error. */
function describeValue(thrown: unknown): CellError {
  const ename = "UncaughtValue";
  const evalue = inspect(thrown);
  const site = waitedAt(thrown);
  return { ename, evalue, traceback: [`${red(ename)}: ${evalue}`, ...(site ? codeFrame(site) : [])] };
}

/** Whether a value is an Error, including one from another realm. */
function isError(thrown: unknown): thrown is Error {
  return thrown instanceof Error || Object.prototype.toString.call(thrown) === "[object Error]";
}

/**
 * Whether a failure only says that the cell was interrupted: by the guards, by the signal, or by Node while it ran
 * without awaiting.
 */
export function isInterrupt(thrown: unknown): boolean {
  if (!isError(thrown)) return false;
  return thrown.name === "Interrupted" || (thrown as NodeJS.ErrnoException).code === "ERR_SCRIPT_EXECUTION_INTERRUPTED";
}

/** What the description of a nested error need not repeat. */
interface Outer {
  /** The line shown last. */
  readonly site: Location | undefined;
  /** Whether the library's own frames are omitted. */
  readonly isInput: boolean;
}

function describe(error: Error, depth: number, outer?: Outer): string[] {
  const { message, frames } = splitStack(error);
  const located = frames.flatMap((frame) => frame.location ?? []);
  const site = located[0] ?? waitedAt(error);
  const isInput = outer?.isInput || told.has(error.name);
  const lines = [red(message), ...(site && !isSame(site, outer?.site) ? codeFrame(site) : [])];
  lines.push(...frames.filter(({ text }) => !isInput || !isOwn(text)).map(({ text }) => faint(text)));
  const next = { site: site ?? outer?.site, isInput };
  if (error instanceof AggregateError) {
    for (const part of error.errors) lines.push(...nested("One of them", part, depth, next));
  }
  if (error.cause !== undefined) lines.push(...nested("Caused by", error.cause, depth, next));
  return lines;
}

function nested(label: string, error: unknown, depth: number, outer: Outer): string[] {
  if (depth >= deepestCause) return [];
  const [first = "", ...rest] = isError(error) ? describe(error, depth + 1, outer) : [inspect(error)];
  return ["", `${label}: ${first}`, ...rest];
}

/** Errors about the caller's input: their message suffices, so the library's own frames are omitted. */
const told = new Set(["InputError", "DivergenceError"]);

const ownFolders = [pathToFileURL(`${packageFolder}/dist/src/`).href, "/node_modules/sera-lab/dist/src/"];

/** Whether a frame is the library's own, from this copy or from the one in the notebook's folder. */
function isOwn(frame: string): boolean {
  return ownFolders.some((folder) => frame.includes(folder));
}

function isSame(a: Location, b: Location | undefined): boolean {
  return b !== undefined && a.file.title === b.file.title && a.line === b.line;
}

interface Frame {
  readonly text: string;
  readonly location: Location | undefined;
}

/** Splits a stack into its message and its frames, with TypeScript positions. */
function splitStack(error: Error): { message: string; frames: readonly Frame[] } {
  const stack = typeof error.stack === "string" ? error.stack : "";
  const at = stack.search(/^ {4}at /m);
  const message = `${error.name}: ${error.message}`;
  if (at < 0) return { message, frames: [] };
  // The location of a syntax error in a file precedes the error's name, so the text up to the frames says more than the
  // message.
  const head = stack.slice(0, at).trimEnd();
  const frames = stack
    .slice(at)
    .split("\n")
    .filter((line) => line.startsWith("    at "));
  return { message: head.includes(error.message) ? head : message, frames: frames.map(readFrame) };
}

function readFrame(text: string): Frame {
  const [, title, line, column] = /(cell \[\d+\]|[^\s()]+):(\d+):(\d+)\)?$/.exec(text) ?? [];
  const location = title === undefined ? undefined : locateTitle(title, { line: Number(line), column: Number(column) });
  return { text, location };
}

/** The failing line and its neighbours, with a mark below the column. */
function codeFrame({ file, line, column }: Location): string[] {
  const lines = file.source.split("\n");
  const first = Math.max(1, line - contextLines);
  const last = Math.min(lines.length, line + contextLines);
  const width = String(last).length;
  const shown = [faint(`${file.title}, line ${line}`)];
  for (let number = first; number <= last; number++) {
    const text = `${String(number).padStart(width)} │ ${lines[number - 1]}`;
    shown.push(number === line ? `${red("▶")} ${text}` : faint(`  ${text}`));
    if (number === line) shown.push(`  ${" ".repeat(width)} │ ${" ".repeat(column - 1)}${red("^")}`);
  }
  return shown;
}

/** TypeScript's error codes below this one are syntax errors. */
const firstSemanticCode = 2000;

function describeDiagnostics({ complaints, cell }: CompileError): CellError {
  const ename = complaints.some(({ code }) => code < firstSemanticCode) ? "SyntaxError" : "TypeCheckError";
  const found = complaints.map((complaint) => describeComplaint(complaint, cell));
  return {
    ename,
    evalue: found.map(({ text }) => text).join("\n"),
    traceback: found.flatMap(({ text, frame }) => [red(`${ename}: ${text}`), ...frame]),
  };
}

function describeComplaint({ path, line, column, text, code }: Complaint, cell: CellText) {
  const told = `${path === undefined ? "" : `${path}:`}${line}:${column} - ${text.replaceAll("\n", "\n  ")} (TS${code})`;
  return { text: told, frame: path === undefined ? codeFrame({ file: cell, line, column }) : [] };
}
