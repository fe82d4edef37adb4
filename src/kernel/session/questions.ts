import { createRequire } from "node:module";
import type ts from "typescript-for-cells";
import type { Question } from "../session-protocol.js";
import { parse, prepare } from "./cell-text.js";
import type { Converter } from "./converter.js";
import { optionsOf, type ListedOption } from "./option-list.js";

type Content = Readonly<Record<string, unknown>>;

const require = createRequire(import.meta.url);

/** Answers a front end's question about code being typed. */
export function answer(converter: Converter, question: Question): Content {
  switch (question.kind) {
    case "complete":
      return complete(converter, question.code, question.position);
    case "inspect":
      return inspect(converter, question.code, question.position);
    case "is_complete":
      return isComplete(question.code);
  }
}

function complete(converter: Converter, code: string, position: number): Content {
  const { service, path } = converter.typing(code);
  const typed = /[\w$]*$/.exec(code.slice(0, position))![0];
  const rest = /^[\w$]*/.exec(code.slice(position))![0];
  const start = position - typed.length;
  const end = position + rest.length;
  const entries = service.getCompletionsAtPosition(path, position, {})?.entries ?? [];
  const found = entries
    .flatMap((entry) => {
      const rank = rankOf(entry.name, typed);
      return rank === undefined ? [] : [{ ...entry, key: `${rank}${entry.sortText}` }];
    })
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return {
    status: "ok",
    matches: found.map(({ name }) => name),
    cursor_start: start,
    cursor_end: end,
    metadata: {
      _jupyter_types_experimental: found.map(({ name, kind }) => ({ start, end, text: name, type: kind })),
    },
  };
}

/** Rank of a name as a completion of the typed text; undefined if it does not match. */
function rankOf(name: string, typed: string): number | undefined {
  if (name.startsWith(typed)) return 0;
  const at = name.toLowerCase().indexOf(typed.toLowerCase());
  return at < 0 ? undefined : at === 0 ? 1 : 2;
}

function inspect(converter: Converter, code: string, position: number): Content {
  const { service, path, program } = converter.typing(code);
  const at = subject(code, position);
  const info = service.getQuickInfoAtPosition(path, at);
  if (!info) return { status: "ok", found: false, data: {}, metadata: {} };
  const options = optionsOf(program, path, at);
  return {
    status: "ok",
    found: true,
    data: {
      "text/plain": withoutLinks([plain(info), ...plainOptions(options)].join("\n"), "$1"),
      "text/markdown": withoutLinks([markdown(info), ...markdownOptions(options)].join("\n\n"), "`$1`"),
    },
    metadata: {},
  };
}

function plainOptions(options: readonly ListedOption[]): string[] {
  return options.length === 0
    ? []
    : ["", "Options:", ...options.map(({ name, type, about }) => `  ${name}: ${type}${about && `\n      ${about}`}`)];
}

function markdownOptions(options: readonly ListedOption[]): string[] {
  return options.length === 0
    ? []
    : [
        "**Options**",
        options.map(({ name, type, about }) => `- \`${name}: ${type}\`${about && ` ${about}`}`).join("\n"),
      ];
}

/** Replaces each link in a documentation text by the name it refers to. */
function withoutLinks(text: string, name: string): string {
  return text.replace(/\{@link\s+(\S+?)\s*\}/g, name);
}

/** Position of the name in question: the one at the caret or, just after an opening bracket, the one before the bracket. */
function subject(code: string, position: number): number {
  const start = position - /[\w$]*$/.exec(code.slice(0, position))![0].length;
  const [name] = /^(?:[a-z_$][\w$]*)?/i.exec(code.slice(start))!;
  if (name !== "") return start;
  const [typed] = /[\s(,]*$/.exec(code.slice(0, position))!;
  return Math.max(0, position - typed.length - 1);
}

type Parts = readonly ts.SymbolDisplayPart[] | undefined;

const textOf = (parts: Parts) => (parts ?? []).map((part) => part.text).join("");

/** The declaration of a name, without noting that it is an import. */
function declaration({ displayParts }: ts.QuickInfo): string {
  return textOf(displayParts)
    .replace(/^\(alias\) /, "")
    .replace(/\n(?:import|export) \S+$/, "");
}

function plain(info: ts.QuickInfo): string {
  const { documentation, tags = [] } = info;
  const about = [
    textOf(documentation),
    ...tags.map(({ name, text }) =>
      name === "example" ? `\nExample:\n${textOf(text)}\n` : `@${name} ${textOf(text)}`,
    ),
  ];
  const said = about
    .filter((text) => text.trim() !== "")
    .join("\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
  return said === "" ? declaration(info) : `${declaration(info)}\n\n${said}`;
}

function markdown(info: ts.QuickInfo): string {
  const { documentation, tags = [] } = info;
  return [
    `\`\`\`typescript\n${declaration(info)}\n\`\`\``,
    textOf(documentation),
    ...tags.map(({ name, text }) =>
      name === "example" ? `\`\`\`typescript\n${textOf(text)}\n\`\`\`` : `*@${name}* ${textOf(text)}`,
    ),
  ]
    .filter(Boolean)
    .join("\n\n");
}

/** TypeScript's error codes for an unterminated comment and an unterminated template. */
const unended = [1010, 1160];

function isComplete(code: string): Content {
  const { isCompleteCode } = require("tslab/dist/converter.js") as typeof import("tslab/dist/converter.js");
  const { completed, indent } = isCompleteCode(code);
  if (!completed) return { status: "incomplete", indent };
  const errors = parse(prepare(code).text).parseDiagnostics.map((diagnostic) => diagnostic.code);
  if (errors.some((error) => unended.includes(error))) return { status: "incomplete", indent: "" };
  return { status: errors.length === 0 ? "complete" : "invalid" };
}
