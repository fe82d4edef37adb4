import { inspect } from "node:util";
import type { CellError } from "../session-protocol.js";
import { Interrupted } from "./cell.js";
import { CompileError } from "./converter.js";
import { isKnown, locate, waitedAt, type Location, type Position } from "./positions.js";

// Bold, because plain red on the pale red of an error is hard to read.
const red = (text: string) => `\x1b[1;31m${text}\x1b[0m`;
const faint = (text: string) => `\x1b[2m${text}\x1b[22m`;

/** Lines of the cell shown before and after the one at fault. */
const contextLines = 2;
const deepestCause = 5;

/** A failure as the protocol's `error` has it, its places those of the TypeScript as typed. */
export function describeError(thrown: unknown): CellError {
  if (isInterrupt(thrown)) return describeInterrupt(thrown);
  if (thrown instanceof CompileError) return describeDiagnostics(thrown);
  if (!isError(thrown)) return plain("NotAnError", `found ${inspect(thrown)} thrown, expected an Error`);
  const name = thrown.name || "Error";
  return { ename: name, evalue: thrown.message, traceback: describe(thrown, 0) };
}

/** An interrupt, and where it met the cell if that is known. */
function describeInterrupt(thrown: unknown): CellError {
  const { name, message } = new Interrupted();
  const [, ...lines] = describe(thrown as Error, 0);
  return { ename: name, evalue: message, traceback: [`${red(name)}: ${message}`, ...lines] };
}

function plain(ename: string, evalue: string): CellError {
  return { ename, evalue, traceback: [`${red(ename)}: ${evalue}`] };
}

/** Errors of other realms, too. */
function isError(thrown: unknown): thrown is Error {
  return thrown instanceof Error || Object.prototype.toString.call(thrown) === "[object Error]";
}

/** Whether a failure only says that the cell was interrupted: by the guards, by the signal, or by Node while it ran without a wait. */
export function isInterrupt(thrown: unknown): boolean {
  if (!isError(thrown)) return false;
  return thrown.name === "Interrupted" || (thrown as NodeJS.ErrnoException).code === "ERR_SCRIPT_EXECUTION_INTERRUPTED";
}

function describe(error: Error, depth: number): string[] {
  const { message, frames } = splitStack(error);
  const located = frames.flatMap((frame) => frame.location ?? []);
  const site = located[0] ?? waitedAt(error);
  const lines = [red(message), ...(site ? codeFrame(site) : [])];
  lines.push(...frames.filter(({ isOurs }) => !isOurs).map(({ text }) => faint(text)));
  if (error instanceof AggregateError) {
    for (const part of error.errors) lines.push(...nested("One of them", part, depth));
  }
  if (error.cause !== undefined) lines.push(...nested("Caused by", error.cause, depth));
  return lines;
}

function nested(label: string, error: unknown, depth: number): string[] {
  if (depth >= deepestCause) return [];
  const [first = "", ...rest] = isError(error) ? describe(error, depth + 1) : [inspect(error)];
  return ["", `${label}: ${first}`, ...rest];
}

interface Frame {
  readonly text: string;
  readonly location: Location | undefined;
  /** Whether it is the kernel's own and says nothing to the user. */
  readonly isOurs: boolean;
}

/** The stack's message and its frames, with places in TypeScript. */
function splitStack(error: Error): { message: string; frames: readonly Frame[] } {
  const stack = typeof error.stack === "string" ? error.stack : "";
  const at = stack.search(/^ {4}at /m);
  const message = `${error.name}: ${error.message}`;
  if (at < 0) return { message, frames: [] };
  // A syntax error in a file stands before its name, so the text up to the frames says more than the message.
  const head = stack.slice(0, at).trimEnd();
  const frames = stack.slice(at).split("\n").filter((line) => line.startsWith("    at "));
  return { message: head.includes(error.message) ? head : message, frames: frames.map(readFrame) };
}

const kernelFrame = /\(node:(internal|vm|async_hooks|events|timers)|\/tslab\/dist\/|\/kernel\/session\/|__seraWait|__seraTurn/;

function readFrame(text: string): Frame {
  const [, before, name, line, column, after] = /^(.*?\(?)((?:[^\s()]|\\ )+):(\d+):(\d+)(\)?)$/.exec(text) ?? [];
  const location = name === undefined ? undefined : locate(name, place(line, column));
  if (!location) return { text, location, isOurs: kernelFrame.test(text) || (name !== undefined && isKnown(name)) };
  return { text: `${before}${location.file.title}:${location.line}:${location.column}${after}`, location, isOurs: false };
}

function place(line: string | undefined, column: string | undefined): Position {
  return { line: Number(line), column: Number(column) };
}

/** The line at fault among its neighbours, with a mark below the column. */
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

/** TypeScript's codes below this one are for texts that do not parse. */
const firstSemanticCode = 2000;

function describeDiagnostics({ diagnostics, cell }: CompileError): CellError {
  const syntax = diagnostics.filter(({ code }) => code < firstSemanticCode);
  const ename = syntax.length > 0 ? "SyntaxError" : "TypeCheckError";
  // A text that does not parse has no types to speak of, and all errors after its first tend to be the first one's.
  const found = chains(syntax.length > 0 ? syntax.slice(0, 1) : diagnostics).map(({ start, messageText, code, fileName }) => {
    const place = fileName ? { line: start.line + 1, column: start.character + 1 } : within(cell.source, start.line + 1, start.character + 1);
    return {
      text: `${fileName ? `${fileName}:` : ""}${place.line}:${place.column} - ${messageText} (TS${code})`,
      frame: fileName ? [] : codeFrame({ file: { ...cell, maps: [], lines: 0 }, ...place }),
    };
  });
  return {
    ename,
    evalue: found.map(({ text }) => text).join("\n"),
    traceback: found.flatMap(({ text, frame }) => [red(`${ename}: ${text}`), ...frame]),
  };
}

/** TypeScript explains an error by others at the same place; they are told together. */
function chains(diagnostics: CompileError["diagnostics"]): CompileError["diagnostics"] {
  const told: CompileError["diagnostics"][number][] = [];
  for (const diagnostic of diagnostics) {
    const last = told.at(-1);
    if (last?.start.offset !== diagnostic.start.offset || last.fileName !== diagnostic.fileName) told.push(diagnostic);
    else told[told.length - 1] = { ...last, messageText: `${last.messageText}\n  ${diagnostic.messageText}` };
  }
  return told;
}

/** A place in a cell; what is missing at its end is found behind it, in the text that tslab adds. */
function within(source: string, line: number, column: number): Position {
  const lines = source.trimEnd().split("\n");
  return line <= lines.length ? { line, column } : { line: lines.length, column: lines.at(-1)!.length + 1 };
}
