import { z } from "zod";
import { optionalId, readFields, rowId, text } from "../fields.js";
import { checked } from "./checked.js";
import type { Format } from "./format.js";

const schema = z.object({
  info: z.object({ id: optionalId, subreddit: text, title: text, post: text }, "an object {id, subreddit, title, post}"),
  summaries: z.tuple([z.object({ text }, "an object {text}"), z.object({ text }, "an object {text}")], "a list of two summaries {text}"),
  choice: z.literal([0, 1], "0 or 1"),
});

/**
 * Comparisons of summaries (Stiennon et al. 2020, arXiv 2009.01325; `openai/summarize_from_feedback`). The prompt is the
 * post in the paper's query format; the summaries are kept verbatim, including the space that most of them begin with.
 */
export const tldr: Format = {
  name: "TL;DR comparisons",
  fields: "{info: {id, subreddit, title, post}, summaries: [{text}, {text}], choice}",
  fits: (row) => "summaries" in row && ("info" in row || "choice" in row),
  parse(row, place) {
    const { info, summaries, choice } = readFields(schema, row, place);
    return checked(
      {
        id: rowId(info.id, place),
        prompt: `SUBREDDIT: r/${info.subreddit}\n\nTITLE: ${info.title}\n\nPOST: ${info.post}\n\nTL;DR:`,
        chosen: summaries[choice].text,
        rejected: summaries[choice === 0 ? 1 : 0].text,
      },
      place,
    );
  },
};
