import type { Prompt } from "../data/pair.js";
import type { JudgeIdentity } from "./identity.js";

/** Which of two responses a judge prefers. */
export type Choice = "a" | "b" | "tie";

/** A judge's verdict on two responses, asked in both orders. */
export interface Verdict {
  /** The choice, if both orders agree; otherwise a tie. */
  readonly choice: Choice;
  /** The choice with `a` shown first, and with `b` shown first. */
  readonly orders: readonly [Choice, Choice];
  /** The judge's reasons, in the same order; in the second, `A` is `b`. Empty if the judge gives none. */
  readonly reasons: readonly [string, string];
}

/** A judge's grade of one response. */
export interface Grade {
  /** 1 (useless) to 10. */
  readonly grade: number;
  /** The judge's reason; empty if it gives none. */
  readonly reason: string;
}

/** Two responses to one prompt, to compare. */
export interface ResponsePair {
  readonly prompt: Prompt;
  readonly a: string;
  readonly b: string;
}

/** A response and its prompt, to grade. */
export interface PromptResponse {
  readonly prompt: Prompt;
  readonly response: string;
}

/** Pairs to compare and responses to grade. */
export interface JudgeRequest {
  readonly pairs?: readonly ResponsePair[];
  readonly responses?: readonly PromptResponse[];
}

/** A judge's usage and its cost. */
export interface Spending {
  /** Requests sent, including failed ones. */
  readonly calls: number;
  /** Answers read from the disk cache, at no cost. */
  readonly cached: number;
  /** Tokens used, as reported by the server. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** US dollars; undefined if the price is unknown. */
  readonly cost: number | undefined;
}

/** The estimated cost of a request; the fields of {@link Spending}. */
export type Estimate = Spending;

/**
 * Compares and grades responses, for evaluation, win rates and labelling samples: the gold reward of the synthetic
 * world (`goldJudge`), a language model (`llmJudge`), or a judge of your own.
 */
export interface Judge {
  /** Shown in tables and errors. */
  readonly name: string;
  /** Version of a judge's own code. A run that uses the judge is identified by name and version; see {@link judgeIdentity}. */
  readonly version?: string;
  /** Everything else that the judgments depend on, such as a model and its prompts; part of a run's identity. */
  readonly identity?: JudgeIdentity;
  /** Compares two responses to a prompt, in both orders. */
  compare(prompt: Prompt, a: string, b: string, work?: { readonly signal?: AbortSignal }): Promise<Verdict>;
  /** Grades a response to a prompt from 1 to 10. */
  grade(prompt: Prompt, response: string, work?: { readonly signal?: AbortSignal }): Promise<Grade>;
  /**
   * Estimates the cost of a request, not counting cached answers. Omitted by judges that cost nothing.
   *
   * @throws InputError if the cost exceeds the judge's caps
   */
  plan?(request: JudgeRequest): Promise<Estimate>;
  /** Usage so far. Omitted by judges that cost nothing. */
  readonly spent?: Spending;
}

/** Combines the choices of both orders: if they differ, the judge went by position, and the verdict is a tie. */
export function verdictOf(orders: readonly [Choice, Choice], reasons: readonly [string, string] = ["", ""]): Verdict {
  return { choice: orders[0] === orders[1] ? orders[0] : "tie", orders, reasons };
}

/** A prompt as the judge sees it: text, or the turns of a conversation, each preceded by its role. */
export function judgedPrompt(prompt: Prompt): string {
  return typeof prompt === "string" ? prompt : prompt.map(({ role, content }) => `${role}: ${content}`).join("\n\n");
}
