import { z } from "zod";
import { inputError, quote } from "../../../base/errors.js";
import { asInputError, checkJson } from "../../../base/read-json.js";

/** Location of a part of a `tokenizer.json`, for the errors. */
export interface PartPlace {
  readonly file: string;
  /** Path inside the file, such as `pre_tokenizer.pretokenizers.0`. */
  readonly within: string;
}

/** Creates a part's function from its settings. */
export type Kind<Run> = (settings: unknown, place: PartPlace) => Run;

/** A kind of part: the settings it takes, and its function. */
export function kind<Schema extends z.ZodType, Run>(
  schema: Schema,
  compile: (settings: z.infer<Schema>) => Run,
): Kind<Run> {
  return (settings, { file, within }) => {
    const checked = checkJson(settings, schema, file, within);
    try {
      return compile(checked);
    } catch (error) {
      throw asInputError(error, file, `${within} that cannot be followed`, "what Python's tokenizers would take");
    }
  };
}

/** A single character, as Rust counts them. */
export const character = z
  .string()
  .refine((text) => Array.from(text.slice(0, 3)).length === 1, { error: "expected one character" });

const typed = z.looseObject({ type: z.string() });

/**
 * Compiles the steps of a part of a `tokenizer.json`: none if it is null, one, or those of a `Sequence` in order.
 *
 * @param kinds supported kinds, by `type`
 * @param listName field of a `Sequence` that contains its steps
 * @throws InputError if a step is of another kind, or its settings do not fit: other steps would give other ids
 */
export function compileSteps<Run>(
  part: unknown,
  kinds: Readonly<Record<string, Kind<Run>>>,
  listName: string,
  place: PartPlace,
): Run[] {
  if (part === null || part === undefined) return [];
  const { file, within } = place;
  const { type } = checkJson(part, typed, file, within);
  if (type === "Sequence") {
    const list = checkJson(part, z.looseObject({ [listName]: z.array(z.unknown()) }), file, within)[
      listName
    ] as unknown[];
    return list.flatMap((step, i) =>
      compileSteps(step, kinds, listName, { file, within: `${within}.${listName}.${i}` }),
    );
  }
  if (!Object.hasOwn(kinds, type)) {
    throw inputError({ file }, `${within}.type = ${quote(type)}`, `one of ${Object.keys(kinds).join(", ")}, Sequence`);
  }
  return [kinds[type]!(part, place)];
}
