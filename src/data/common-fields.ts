import { errorAt, quote, type Place } from "../base/errors.js";
import { numberIn, optionalId, readField, rowId, scoreIn } from "./fields.js";
import type { PreferencePair } from "./pair.js";
import { isGiven, type ReadingLog } from "./reading.js";
import type { Row } from "./row.js";

const idNames = ["id", "prompt_id", "pair_id", "sample_id", "uuid", "question_id"] as const;

/** Names of the two scores, in lookup order. */
const scoreNames = [
  ["score_chosen", "score_rejected"],
  ["chosen_score", "rejected_score"],
  ["chosen-rating", "rejected-rating"],
  ["chosen_rating", "rejected_rating"],
  ["chosen_avg_rating", "rejected_avg_rating"],
  ["chosen_reward", "rejected_reward"],
  ["chosenScore", "rejectedScore"],
  ["chosenReward", "rejectedReward"],
] as const;

/** Columns that describe a row and contain no text for the model. */
export const describingColumns: ReadonlySet<string> = new Set([
  ...idNames,
  ...[
    "source",
    "dataset",
    "subset",
    "split",
    "language",
    "lang",
    "category",
    "task",
    "task_type",
    "domain",
    "topic",
    "tags",
    "type",
  ],
  ...["model", "chosen_model", "rejected_model", "chosen-model", "rejected-model", "model_chosen", "model_rejected"],
  ...[
    "annotator",
    "annotator_id",
    "worker",
    "labelling_model",
    "timestamp",
    "created_at",
    "date",
    "license",
    "url",
    "hash",
    "status",
  ],
]);

/** Fields that every format may have in addition to its prompt and responses. */
export interface CommonFields {
  readonly id: string;
  readonly scores: Pick<PreferencePair, "chosenScore" | "rejectedScore">;
  /** The columns that were read. */
  readonly columns: readonly string[];
}

/**
 * Reads the fields that all formats share: the id and the scores, which are in two columns or in a list `rating`
 * parallel to the list of responses, `generations`. A NaN score counts as missing and is reported.
 *
 * @param texts of the chosen and rejected response
 * @throws InputError if a field has a value of another type
 */
export function readCommonFields(
  row: Row,
  place: Place,
  texts: { chosen: string; rejected: string },
  log?: ReadingLog,
): CommonFields {
  const columns: string[] = [];
  const idName = idNames.find((name) => isGiven(row[name]));
  const ownId = idName && readField(optionalId, row, idName, place);
  if (idName) {
    log?.reads(idName, "id");
    columns.push(idName);
  }
  const read = (name: string, as: string) => {
    const value = row[name];
    if (value === undefined) return undefined;
    columns.push(name);
    if (value === null) return undefined;
    log?.reads(name, as);
    const number = numberIn(value);
    if (number === undefined) throw errorAt(place, `field "${name}" is ${quote(value)}; expected a number`);
    if (Number.isFinite(number)) return number;
    log?.remark(`"${name}" is not a finite number; the pair is read without it`);
    return undefined;
  };
  const names = scoreNames.find((pair) => pair.some((name) => name in row));
  const [chosenScore, rejectedScore] = names
    ? [read(names[0], "chosen score"), read(names[1], "rejected score")]
    : ratings(row, texts, columns, log);
  const scores = {
    ...(chosenScore !== undefined && { chosenScore }),
    ...(rejectedScore !== undefined && { rejectedScore }),
  };
  return { id: rowId(ownId, place), scores, columns };
}

/** The scores in a list `rating`, in the order of the list `generations`. */
function ratings(
  row: Row,
  texts: { chosen: string; rejected: string },
  columns: string[],
  log?: ReadingLog,
): readonly (number | undefined)[] {
  const { rating, generations } = row;
  if (!Array.isArray(rating) || !Array.isArray(generations)) return [];
  const scores = [texts.chosen, texts.rejected].map((text) => scoreIn(rating[generations.indexOf(text)]));
  if (scores.every((score) => score === undefined)) return [];
  columns.push("rating", "generations");
  log?.reads("rating", "scores");
  return scores;
}
