import { z } from "zod";
import { compileSteps, kind, type Kind, type PartPlace } from "./parts.js";

/** The special tokens put around a text, by their texts. */
export interface Surroundings {
  readonly before: readonly string[];
  readonly after: readonly string[];
}

const item = z.union([
  z.strictObject({ SpecialToken: z.looseObject({ id: z.string() }) }),
  z.strictObject({ Sequence: z.looseObject({ id: z.literal("A") }) }),
]);
const pairOf = z.tuple([z.string(), z.int()]);
const between = z.looseObject({ cls: pairOf, sep: pairOf });
const compileBetween = ({ cls, sep }: z.infer<typeof between>) => ({ before: [cls[0]], after: [sep[0]] });

const kinds: Readonly<Record<string, Kind<Surroundings>>> = {
  // It only moves offsets.
  ByteLevel: kind(z.looseObject({}), () => ({ before: [], after: [] })),
  TemplateProcessing: kind(z.looseObject({ single: z.array(item) }), ({ single }) => {
    const text = single.findIndex((each) => "Sequence" in each);
    const tokens = (items: typeof single) =>
      items.flatMap((each) => ("SpecialToken" in each ? [each.SpecialToken.id] : []));
    return { before: tokens(single.slice(0, text)), after: tokens(single.slice(text)) };
  }),
  RobertaProcessing: kind(between, compileBetween),
  BertProcessing: kind(between, compileBetween),
};

/**
 * The tokens that the `post_processor` of a `tokenizer.json` puts around a text.
 *
 * @throws InputError if it is of an unknown kind
 */
export function surroundings(part: unknown, place: PartPlace): Surroundings {
  const steps = compileSteps(part, kinds, "processors", place);
  return {
    before: steps.toReversed().flatMap(({ before }) => before),
    after: steps.flatMap(({ after }) => after),
  };
}
