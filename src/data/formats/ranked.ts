import { z } from "zod";
import { cut, errorAt, type Place } from "../../base/errors.js";
import { optionalScore, readFields, scoreIn, text } from "../fields.js";
import { isGiven, type ReadingLog } from "../reading.js";
import { readPromptColumns } from "../prompt-columns.js";
import { defineFormat } from "./format.js";

/** UltraFeedback's scores, in lookup order: the first is from 1 to 10, the second from 1 to 5. */
const ultraFeedbackScores = ["overall_score", "fine-grained_score"] as const;
const ultraFeedbackAnswer = z.object(
  { response: text, overall_score: optionalScore, "fine-grained_score": optionalScore },
  "an object {response, overall_score}",
);
const ultraFeedbackSchema = z.object({
  completions: z.array(ultraFeedbackAnswer, "a list of completions {response, overall_score}"),
});
const nectarAnswer = z.object({ answer: text, rank: optionalScore }, "an object {answer, rank}");
const nectarSchema = z.object({ answers: z.array(nectarAnswer, "a list of answers {answer, rank}") });

/**
 * UltraFeedback as published (Cui et al. 2023, arXiv 2310.01377): four completions with scores. The best is chosen, the
 * worst rejected. All completions of a row are compared by one score, because the two scores have different scales: the
 * first that at least two of them have.
 */
export const ultrafeedbackRaw = defineFormat({
  name: "UltraFeedback, four completions",
  fields:
    "{instruction, completions: [{response, overall_score or fine-grained_score}]}; the completion of the highest score against that of the lowest",
  fits: (row) => Array.isArray(row.completions) && !("chosen" in row),
  read(row, place, log) {
    const { completions } = readFields(ultraFeedbackSchema, row, place);
    const [usual] = ultraFeedbackScores;
    const compares = (name: (typeof ultraFeedbackScores)[number]) =>
      completions.filter((completion) => scoreIn(completion[name]) !== undefined).length >= 2;
    const by = ultraFeedbackScores.find(compares) ?? usual;
    if (by !== usual)
      log?.remark(`the completions are compared by "${by}", because fewer than two of them have "${usual}"`);
    const answers = completions.map((completion) => ({
      response: completion.response,
      score: scoreIn(completion[by]),
    }));
    const { prompt, columns } = readPromptColumns(row, place, log);
    leaveFields("completions[]", row.completions as object[], ["response", by], log);
    log?.reads("completions", "chosen and rejected, by score");
    const { chosen, rejected } = bestAndWorst(answers, "completions", place, log);
    const scores = { chosenScore: chosen.score, rejectedScore: rejected.score };
    return {
      columns: [...columns, "completions"],
      prompt,
      chosen: chosen.response,
      rejected: rejected.response,
      ...scores,
    };
  },
});

/** Nectar (Zhu et al. 2023): ranked answers. The best is chosen, the worst rejected. */
export const nectar = defineFormat({
  name: "Nectar",
  fields: "{prompt, answers: [{answer, rank}]}; the answer of the first rank against that of the last",
  fits: (row) => Array.isArray(row.answers) && !("chosen" in row),
  read(row, place, log) {
    const { answers } = readFields(nectarSchema, row, place);
    const { prompt, columns } = readPromptColumns(row, place, log);
    leaveFields("answers[]", row.answers as object[], ["answer", "rank"], log);
    log?.reads("answers", "chosen and rejected, by rank");
    const { chosen, rejected } = bestAndWorst(
      answers.map(({ answer, rank }) => ({ response: answer, score: negative(scoreIn(rank)) })),
      "answers",
      place,
      log,
    );
    return { columns: [...columns, "answers"], prompt, chosen: chosen.response, rejected: rejected.response };
  },
});

const negative = (rank: number | undefined) => (rank === undefined ? undefined : -rank);

interface Scored {
  readonly response: string;
  readonly score: number;
}

/**
 * The first response with the highest score and the first with the lowest. A response without a score is omitted and reported.
 *
 * @throws InputError if no two scores differ
 */
function bestAndWorst(
  answers: readonly { readonly response: string; readonly score: number | undefined }[],
  field: string,
  place: Place,
  log?: ReadingLog,
): { chosen: Scored; rejected: Scored } {
  const scored = answers.filter((answer): answer is Scored => answer.score !== undefined);
  if (scored.length < answers.length) log?.remark(`a response in "${field}" without a score or rank is left out`);
  const [best, ...others] = scored.toSorted((a, b) => b.score - a.score);
  const worst = others.at(-1);
  if (!best || !worst || best.score === worst.score) {
    const scores = answers.map(({ score }) => (score === undefined ? "none" : Math.abs(score))).join(", ");
    throw errorAt(
      place,
      `field "${field}" prefers none of its responses: their scores are ${cut(scores)}; expected two that differ`,
    );
  }
  return { chosen: best, rejected: worst };
}

function leaveFields(
  within: string,
  items: readonly object[],
  read: readonly string[],
  log: ReadingLog | undefined,
): void {
  const left = new Set(
    items.flatMap((item) =>
      Object.entries(item)
        .filter(([name, value]) => !read.includes(name) && isGiven(value))
        .map(([name]) => `${within}.${name}`),
    ),
  );
  log?.leaves(left);
}
