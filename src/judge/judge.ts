import type { Prompt } from "../data/pair.js";

/** Which of two responses a judge prefers. */
export type Choice = "a" | "b" | "tie";

/** What a judge makes of two responses, asked in both orders. */
export interface Verdict {
  /** The choice of both orders where they are the same; else a tie. */
  readonly choice: Choice;
  /** The choice where `a` was shown first, and the choice where `b` was. */
  readonly orders: readonly [Choice, Choice];
  /** What the judge said of it, in the same order; in the second `A` is `b`. Empty from a judge that gives none. */
  readonly reasons: readonly [string, string];
}

/** What a judge makes of one response. */
export interface Grade {
  /** 1 (useless) to 10. */
  readonly grade: number;
  /** What the judge said of it; empty from a judge that gives none. */
  readonly reason: string;
}

/** Two responses to one prompt, to be compared. */
export interface ResponsePair {
  readonly prompt: Prompt;
  readonly a: string;
  readonly b: string;
}

/** A response to grade. */
export interface Answer {
  readonly prompt: Prompt;
  readonly response: string;
}

/** What a judge is going to be asked. */
export interface Questions {
  /** To be compared. */
  readonly pairs?: readonly ResponsePair[];
  /** To be graded. */
  readonly answers?: readonly Answer[];
}

/** What a judge has been asked and what that cost. */
export interface Spending {
  /** Requests sent, those that failed among them. */
  readonly calls: number;
  /** Answers that came from the disk cache and cost nothing. */
  readonly cached: number;
  /** Tokens that the responses say were used. */
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** US dollars; undefined where the price is not known. */
  readonly cost: number | undefined;
}

/** What questions are going to cost; the same fields as {@link Spending}, estimated. */
export type Estimate = Spending;

/**
 * Tells which response is better, and how good one is. Evaluation, win rates and labelling of samples take any:
 * the gold reward of the synthetic world (`goldJudge`), or a language model (`llmJudge`).
 */
export interface Judge {
  /** Names it in tables and errors. */
  readonly name: string;
  /** Compares two responses to a prompt, in both orders. */
  compare(prompt: Prompt, a: string, b: string, work?: { readonly signal?: AbortSignal }): Promise<Verdict>;
  /** Grades a response to a prompt from 1 to 10. */
  grade(prompt: Prompt, response: string, work?: { readonly signal?: AbortSignal }): Promise<Grade>;
  /**
   * What these questions are going to cost, less what the cache has; a judge that costs nothing has none.
   *
   * @throws InputError where that is above the judge's caps
   */
  plan?(questions: Questions): Promise<Estimate>;
  /** What it has cost so far; a judge that costs nothing has none. */
  readonly spent?: Spending;
}

/** A verdict from the choices of both orders: where they differ, the place decided and not the response. */
export function verdictOf(orders: readonly [Choice, Choice], reasons: readonly [string, string] = ["", ""]): Verdict {
  return { choice: orders[0] === orders[1] ? orders[0] : "tie", orders, reasons };
}

/** A prompt as a judge reads it; the turns of a conversation each with who speaks. */
export function judgedPrompt(prompt: Prompt): string {
  return typeof prompt === "string" ? prompt : prompt.map(({ role, content }) => `${role}: ${content}`).join("\n\n");
}
