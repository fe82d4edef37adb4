/**
 * Judges, win rates and held-out evaluation, with their statistics.
 *
 * @module sera-lab/judge
 */

export { goldJudge } from "./gold-judge.js";
export { judgeIdentity, type JudgeIdentity } from "./identity.js";
export { gradeResponses, judgePairs } from "./judge-rows.js";
export type {
  Choice,
  Estimate,
  Grade,
  Judge,
  JudgeRequest,
  PromptResponse,
  ResponsePair,
  Spending,
  Verdict,
} from "./judge.js";
export { llmEditor, type LlmEditor, type LlmEditorOptions } from "./llm/llm-editor.js";
export { llmJudge } from "./llm/llm-judge.js";
export type { JudgeModel } from "./llm/provider.js";
export type { LlmJudgeOptions } from "./llm/settings.js";
export { loadResponses } from "./load-responses.js";
export { pairResponses, type NamedResponse } from "./pair-responses.js";
export { winRateOf, type JudgedPair, type WinRate } from "./win-rate.js";
export { agreementOf, type Agreement } from "../stats/agreement.js";
export { bootstrapInterval, type Interval } from "../stats/interval.js";
export { lengthControlledWinRate, type Contest } from "../stats/length-controlled.js";
export { wilsonInterval } from "../stats/proportion.js";
