import { readConstraint, type Constraint } from "./constraints.js";
import { topics } from "./vocabulary.js";

/** The content of an instruction. */
export interface InstructionRequest {
  readonly topic: string;
  /** Two, of different kinds, in the order of the prompt. */
  readonly constraints: readonly Constraint[];
}

/**
 * Writes the request in words.
 *
 * @example 'Write one sentence about coffee. Use at most 9 words. End with a question mark.'
 */
export function writeInstruction({ topic, constraints }: InstructionRequest): string {
  const counted = constraints.some(({ kind }) => kind === "sentences");
  return [
    `Write ${counted ? "" : "one sentence "}about ${topic}.`,
    ...constraints.map(({ sentence }) => sentence),
  ].join(" ");
}

/** Parses the request in a prompt; undefined if the text is not such an instruction. */
export function parseInstruction(text: string): InstructionRequest | undefined {
  const [, topic, rest] = /^Write (?:one sentence )?about ([^.]+)\. (.+)$/.exec(text) ?? [];
  if (topic === undefined || !(topics as readonly string[]).includes(topic)) return undefined;
  const constraints = rest!.split(/(?<=\.) /).map(readConstraint);
  if (!constraints.every((one) => one !== undefined)) return undefined;
  const request = { topic, constraints };
  return writeInstruction(request) === text ? request : undefined;
}
