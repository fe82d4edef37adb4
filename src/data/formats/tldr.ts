import { z } from "zod";
import { optionalId, readFields, text } from "../fields.js";
import { isGiven } from "../reading.js";
import { defineFormat } from "./format.js";

const schema = z.object({
  info: z.object(
    { id: optionalId, subreddit: text, title: text, post: text },
    "an object {id, subreddit, title, post}",
  ),
  summaries: z.tuple(
    [z.object({ text }, "an object {text}"), z.object({ text }, "an object {text}")],
    "a list of two summaries {text}",
  ),
  choice: z.literal([0, 1], "0 or 1"),
});

/**
 * Comparisons of summaries (Stiennon et al. 2020, arXiv 2009.01325; `openai/summarize_from_feedback`). The prompt is the
 * post in the paper's query format; the summaries are kept verbatim, including the space that most of them begin with.
 */
export const tldr = defineFormat({
  name: "TL;DR comparisons",
  fields: "{info: {id, subreddit, title, post}, summaries: [{text}, {text}], choice}",
  fits: (row) => "summaries" in row && ("info" in row || "choice" in row),
  read(row, place, log) {
    const { info, summaries, choice } = readFields(schema, row, place);
    leaveOthers("info", row.info, ["id", "subreddit", "title", "post"]);
    for (const summary of row.summaries as object[]) leaveOthers("summaries[]", summary, ["text"]);
    for (const name of ["info", "summaries", "choice"])
      log?.reads(name, name === "info" ? "id and prompt" : "chosen and rejected");
    return {
      ownId: info.id,
      columns: ["info", "summaries", "choice"],
      prompt: `SUBREDDIT: r/${info.subreddit}\n\nTITLE: ${info.title}\n\nPOST: ${info.post}\n\nTL;DR:`,
      chosen: summaries[choice].text,
      rejected: summaries[choice === 0 ? 1 : 0].text,
    };

    function leaveOthers(within: string, value: unknown, read: readonly string[]) {
      const others = Object.entries(value as object).filter(([name, field]) => !read.includes(name) && isGiven(field));
      log?.leaves(others.map(([name]) => `${within}.${name}`));
    }
  },
});
