import { checkOptionNames } from "../../base/option-names.js";
import type { EditRequest, EditWay, Editor } from "../../data/bridge.js";
import { shippedData } from "../../data/world/shipped.js";
import { judgedPrompt, type Spending } from "../judge.js";
import { editAnswer } from "./answers.js";
import { connect } from "./connect.js";
import type { JudgeModel } from "./provider.js";
import { askerOptionNames, checkLlmJudge, type LlmJudgeOptions } from "./settings.js";
import { loadTemplate } from "./template.js";

/** Options of {@link llmEditor}: those of a judge, with a different prompt. */
export interface LlmEditorOptions extends Omit<LlmJudgeOptions, "prompts"> {
  /**
   * Prompt template file with {{task}}, {{prompt}}, {{response}} and {{other}}. Default: `data/judge/edit.md` of this
   * package.
   */
  readonly prompt?: string;
  /** Maximum length of an answer in tokens; the answer contains the whole edited response. Default 4096. */
  readonly maxTokens?: number;
}

/** A language model as an editor, and what it has cost. */
export interface LlmEditor extends Editor {
  readonly spent: Spending;
}

const tasks: Readonly<Record<EditWay, { readonly alone: string; readonly withOther: string }>> = {
  improve: {
    alone: "Correct what is wrong with it and add what it lacks.",
    withOther: "It was found worse than the other answer: correct what makes it worse, by what the other answer shows.",
  },
  worsen: {
    alone: "Put a plausible mistake into it, or leave out something that matters.",
    withOther: "It was found better than the other answer: give it the faults that make the other answer worse.",
  },
};

/**
 * Creates an editor for `bridge` from a language model, through its provider's SDK. Answers, caps, caching and retries
 * are as in `llmJudge`, and share its cache folder: no edit is paid for twice.
 *
 * @param model `anthropic:model`, `openai:model`, or the parts, with a `baseUrl` for a server with the same API
 * @example const { pairs: bridged } = await bridge(pairs, await llmEditor("openai:gpt-4.1-mini", { maxCost: 5 }));
 * @throws InputError as `llmJudge`
 */
export async function llmEditor(model: string | JudgeModel, given: LlmEditorOptions = {}): Promise<LlmEditor> {
  checkOptionNames("llmEditor", given, [...askerOptionNames, "prompt"]);
  const { prompt: file = `${shippedData}judge/edit.md`, maxTokens = 4096, ...options } = given;
  const settings = checkLlmJudge({ ...options, maxTokens });
  const template = await loadTemplate(file, ["task", "prompt", "response", "other"]);
  const { name, asker, budget, question, identity } = await connect(model, settings);
  const asked = ({ prompt, response, other, way }: EditRequest) =>
    question(
      "edit",
      template.fill({
        ...{ task: tasks[way][other === undefined ? "alone" : "withOther"], prompt: judgedPrompt(prompt), response },
        other: other === undefined ? "" : `<other_answer>\n${other}\n</other_answer>`,
      }),
      editAnswer,
    );
  const editor: Editor = {
    ...{ name, version: "1", settings: { ...identity, prompt: template.sha256, tasks } },
    edit: async (request, { signal } = {}) => (await asker.ask(asked(request), signal)).edited,
  };
  // Not enumerable, because the cost is not part of the editor's identity: a run's identity reads enumerable fields.
  return Object.defineProperty(editor as LlmEditor, "spent", { get: () => budget.spent });
}
