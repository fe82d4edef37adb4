import { z } from "zod";
import { errorAt, quote, type Place } from "../../base/errors.js";
import type { Message } from "../../model/tokenizer/chat/chat.js";
import { readCommonFields } from "../common-fields.js";
import { numberIn, optionalScore, readField, readFields, scoreIn, text } from "../fields.js";
import { readMessages } from "../messages.js";
import type { ReadingLog } from "../reading.js";
import type { Row } from "../row.js";
import { checked } from "./checked.js";
import { promptOf } from "./conversation.js";
import { defineFormat, leaveOthers, type Format } from "./format.js";

const strengths = ["preference_strength", "overall_preference"] as const;
/** HelpSteer2-Preference names its responses with an underscore, HelpSteer3 without. */
const responseNames = [
  ["response_1", "response_2"],
  ["response1", "response2"],
] as const;
const ratingSchema = z.object({ prompt: text, response: text, helpfulness: optionalScore });

/**
 * HelpSteer2-Preference and HelpSteer3 (Wang et al. 2024, arXiv 2410.01257; 2025): two responses with a preference
 * strength from −3 (the first is much better) to 3 (the second is much better).
 */
export const helpSteerPreference = defineFormat({
  name: "HelpSteer preferences",
  fields:
    "{prompt or context, response_1 and response_2 (or response1 and response2), preference_strength or overall_preference}: a strength below 0 prefers the first",
  fits: (row) => responsesIn(row) !== undefined && strengths.some((name) => name in row),
  read(row, place, log) {
    const names = responsesIn(row)!;
    const [first, second] = names.map((name) => readField(text, row, name, place)) as [string, string];
    const name = strengths.find((each) => each in row)!;
    const strength = numberIn(row[name]);
    if (strength === undefined || !Number.isFinite(strength))
      throw errorAt(place, `field "${name}" is ${quote(row[name])}; expected a finite number`);
    if (strength === 0) throw errorAt(place, `field "${name}" is 0, which prefers neither response`);
    const asked = Array.isArray(row.context) ? "context" : "prompt";
    log?.reads(asked, "prompt");
    for (const column of [...names, name]) log?.reads(column, "chosen and rejected");
    const [chosen, rejected] = strength < 0 ? [first, second] : [second, first];
    return { columns: [asked, ...names, name], prompt: conversation(row, asked, place, log), chosen, rejected };
  },
});

function responsesIn(row: Row) {
  return responseNames.find((names) => names.every((name) => name in row));
}

interface RatedResponse {
  readonly prompt: string;
  readonly response: string;
  readonly score: number;
  readonly place: Place;
}

/**
 * HelpSteer and HelpSteer2 (Wang et al. 2023, arXiv 2311.09528; 2024, arXiv 2406.08673): each row is a response with
 * its ratings. Two consecutive responses to one prompt form a pair; the more helpful one is chosen.
 */
export const helpSteerRatings: Format = {
  name: "HelpSteer ratings",
  fields:
    "{prompt, response, helpfulness}: each row a rated response; two that follow each other with one prompt are a pair",
  fits: (row) => "response" in row && "helpfulness" in row && !("chosen" in row),
  parse: () => undefined,
  start() {
    let first: RatedResponse | undefined;
    const alone: Place[] = [];
    const forget = () => {
      if (first) alone.push(first.place);
      first = undefined;
    };
    return {
      ...this,
      parse(row, place, log) {
        const { prompt, response, helpfulness } = readFields(ratingSchema, row, place);
        const { id, columns } = readCommonFields(row, place, { chosen: response, rejected: "" }, log);
        leaveOthers(row, ["prompt", "response", "helpfulness", ...columns], this.name, place, log);
        const score = scoreIn(helpfulness);
        if (score === undefined) {
          log?.remark("a response without a rating is left out");
          return undefined;
        }
        const before = first;
        if (before?.prompt !== prompt) {
          forget();
          first = { prompt, response, score, place };
          return undefined;
        }
        first = undefined;
        if (before.score === score) {
          throw errorAt(
            place,
            `field "helpfulness" is ${score} for this response and the one before it; neither is preferred`,
          );
        }
        const [better, worse] = before.score > score ? [before, { response, score }] : [{ response, score }, before];
        log?.reads("prompt", "prompt");
        log?.reads("response", "chosen and rejected, by helpfulness");
        log?.reads("helpfulness", "scores");
        const responses = {
          chosen: better.response,
          rejected: worse.response,
          chosenScore: better.score,
          rejectedScore: worse.score,
        };
        return checked({ id, prompt: conversation(row, "prompt", place, log), ...responses }, place);
      },
      end(log) {
        forget();
        for (const place of alone)
          log.remark("a response without a second one to its prompt after it, which makes no pair", place);
      },
    };
  },
};

/** The turns of a prompt: `context` has them as messages, `prompt` as text, with HelpSteer's marker between turns. */
function conversation(row: Row, field: string, place: Place, log?: ReadingLog): readonly Message[] {
  if (Array.isArray(row[field])) return promptOf(readMessages(row, field, place, log), field, place);
  const [first, ...others] = readField(text, row, field, place).split("<extra_id_1>");
  const turns: Message[] = [{ role: "user", content: first!.replace(/\n$/, "") }];
  for (const turn of others) {
    const found = /^(Assistant|User)\n([^]*?)\n?$/.exec(turn);
    if (!found)
      throw errorAt(
        place,
        `field "${field}" has a turn ${quote(turn)}; expected <extra_id_1>Assistant or <extra_id_1>User, and a line break`,
      );
    turns.push({ role: found[1] === "User" ? "user" : "assistant", content: found[2]! });
  }
  // A prompt that asks for the answer ends with the assistant's empty turn.
  if (turns.at(-1)!.role === "assistant" && turns.at(-1)!.content === "") turns.pop();
  return promptOf(turns, field, place);
}
