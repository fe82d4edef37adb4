import { InputError } from "../../base/errors.js";
import { Random } from "../../base/random.js";
import { constraintKinds, drawConstraint, type ConstraintKind } from "./constraints.js";
import { writeInstruction } from "./request.js";
import { topics } from "./vocabulary.js";

/** Numbers of instructions, and the seed for drawing them. */
export interface InstructionOptions {
  readonly seed: number;
  readonly train: number;
  readonly validation: number;
  readonly heldOut: number;
}

/** An instruction as a conversation's prompt. */
export interface Instruction {
  readonly id: string;
  readonly prompt: readonly [{ readonly role: "user"; readonly content: string }];
}

/** The instructions whose files ship in `data/instructions/`. */
export const shippedInstructions: InstructionOptions = { seed: 1, train: 400, validation: 100, heldOut: 200 };

/** What an instruction asks for, apart from the values; no two splits share a combination. */
interface Combination {
  readonly topic: string;
  readonly kinds: readonly [ConstraintKind, ConstraintKind];
}

/**
 * Draws instructions, each with a topic and two constraints of different kinds. Each combination of topic and kinds is
 * used once, in one split.
 *
 * @throws InputError for a count that is not a whole number, or counts that exceed the number of combinations:
 *   {@link topics} × 21
 */
export function generateInstructions(
  options: InstructionOptions,
): Record<"train" | "validation" | "heldOut", Instruction[]> {
  const { seed, train, validation, heldOut } = options;
  for (const [name, count] of Object.entries({ train, validation, heldOut })) {
    if (!Number.isInteger(count) || count < 0)
      throw new InputError(`${name}: found ${count}, expected a whole number of at least 0`);
  }
  const random = Random.seeded(seed).fork("instructions");
  const all = random.fork("combinations").shuffle(combinations());
  const asked = train + validation + heldOut;
  if (asked > all.length)
    throw new InputError(
      `train + validation + heldOut: found ${asked}, expected at most the ${all.length} combinations of a topic and two kinds of constraints`,
    );
  const split = (name: string, from: number, count: number) =>
    all
      .slice(from, from + count)
      .map((combination, i) =>
        instructionOf(`${name}-${String(i).padStart(4, "0")}`, combination, random.fork(name, i)),
      );
  return {
    heldOut: split("heldout", 0, heldOut),
    validation: split("validation", heldOut, validation),
    train: split("train", heldOut + validation, train),
  };
}

function combinations(): Combination[] {
  const pairs = constraintKinds.flatMap((a, i) => constraintKinds.slice(i + 1).map((b) => [a, b] as const));
  return topics.flatMap((topic) => pairs.map((kinds) => ({ topic, kinds })));
}

function instructionOf(id: string, { topic, kinds }: Combination, random: Random): Instruction {
  const constraints = random.shuffle(kinds).map((kind) => drawConstraint(kind, random));
  return { id, prompt: [{ role: "user", content: writeInstruction({ topic, constraints }) }] };
}
