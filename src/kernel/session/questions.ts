import { createRequire } from "node:module";
import type typescript from "@tslab/typescript-for-tslab";
import type { Executor } from "tslab/dist/executor.js";
import type { Question } from "../session-protocol.js";
import { compiler } from "./typescript.js";

type Content = Readonly<Record<string, unknown>>;

const require = createRequire(import.meta.url);

/** Answers what a front end asks about code that is being typed. */
export function answer(executor: Executor, question: Question): Content {
  switch (question.kind) {
    case "complete":
      return complete(executor, question.code, question.position);
    case "inspect":
      return inspect(executor, question.code, question.position);
    case "is_complete":
      return isComplete(question.code);
  }
}

function complete(executor: Executor, code: string, position: number): Content {
  const { start, end, candidates, original } = executor.complete(code, position);
  const kinds = new Map(original?.entries.map(({ name, kind }) => [name, kind]));
  return {
    status: "ok",
    matches: candidates,
    cursor_start: start,
    cursor_end: end,
    metadata: {
      _jupyter_types_experimental: candidates.map((text) => ({ start, end, text, type: kinds.get(text) ?? "" })),
    },
  };
}

function inspect(executor: Executor, code: string, position: number): Content {
  const info = executor.inspect(code, subject(code, position));
  if (!info) return { status: "ok", found: false, data: {}, metadata: {} };
  const { printQuickInfo } = require("tslab/dist/inspect.js") as typeof import("tslab/dist/inspect.js");
  return {
    status: "ok",
    found: true,
    data: { "text/plain": withoutLinks(printQuickInfo(info), "$1"), "text/markdown": withoutLinks(markdown(info), "`$1`") },
    metadata: {},
  };
}

/** Documentation in which a link is the name that it leads to. */
function withoutLinks(text: string, name: string): string {
  return text.replace(/\{@link (\S+?)\}/g, name);
}

/** The name that is meant: behind a bracket that has just been opened it is the name before it. */
function subject(code: string, position: number): number {
  const before = code.slice(0, position);
  const [typed] = /[\s(,]*$/.exec(before)!;
  return Math.max(0, position - typed.length - (/^[\w$]/.test(code.slice(position)) && typed === "" ? 0 : 1));
}

function markdown({ displayParts = [], documentation = [], tags = [] }: typescript.QuickInfo): string {
  const text = (parts: readonly typescript.SymbolDisplayPart[] | undefined) => (parts ?? []).map((part) => part.text).join("");
  return [
    `\`\`\`typescript\n${text(displayParts)}\n\`\`\``,
    text(documentation),
    ...tags.map(({ name, text: parts }) => (name === "example" ? `\`\`\`typescript\n${text(parts)}\n\`\`\`` : `*@${name}* ${text(parts)}`)),
  ]
    .filter(Boolean)
    .join("\n\n");
}

/** TypeScript's codes for a comment and a template that have no end yet. */
const unended = [1010, 1160];

function isComplete(code: string): Content {
  const { isCompleteCode } = require("tslab/dist/converter.js") as typeof import("tslab/dist/converter.js");
  const { completed, indent } = isCompleteCode(code);
  if (!completed) return { status: "incomplete", indent };
  const errors = syntaxErrors(code);
  if (errors.some((error) => unended.includes(error))) return { status: "incomplete", indent: "" };
  return { status: errors.length === 0 ? "complete" : "invalid" };
}

function syntaxErrors(code: string): number[] {
  const file = compiler.createSourceFile("cell.ts", code, compiler.ScriptTarget.Latest) as typescript.SourceFile & {
    readonly parseDiagnostics?: readonly typescript.Diagnostic[];
  };
  return (file.parseDiagnostics ?? []).map((diagnostic) => diagnostic.code);
}
