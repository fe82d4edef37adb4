import { z } from "zod";
import { losses, type LossName } from "../../align/losses/index.js";
import type { PairLoss } from "../../align/pair-objective.js";
import { parseNumber, type Kind } from "../../base/option-kinds.js";
import { isLossObject } from "./loss-of.js";

const lossNames = Object.keys(losses) as LossName[];

/** A custom loss, or a function, which is refused with advice on how to name it. */
const lossObject = z.custom<PairLoss>((value) => typeof value === "function" || isLossObject(value));

/** A loss by name, a weighted sum, or a custom loss. */
export const lossKind: Kind<LossName | Readonly<Partial<Record<LossName, number>>> | PairLoss> = {
  schema: z.union([z.enum(lossNames), z.partialRecord(z.enum(lossNames), z.number().positive()), lossObject]),
  expected: `one of ${lossNames.join(", ")}; several with weights above 0, as in { dpo: 0.8, nll: 0.2 }; or a PreferenceLoss or PairObjective`,
  choices: lossNames,
  placeholder: "name",
  syntax: "or several with weights, each once, as in dpo=0.8,nll=0.2",
  parse: parseLoss,
};

/** `dpo`, or `dpo=0.8,nll=0.2`; undefined if the text is neither, or has a loss twice. */
function parseLoss(text: string): unknown {
  if (!text.includes("=")) return text;
  const terms = text.split(",").map((term) => term.split("="));
  const isGood = terms.every((term) => term.length === 2) && new Set(terms.map(([name]) => name)).size === terms.length;
  return isGood ? Object.fromEntries(terms.map(([name, weight]) => [name, parseNumber(weight!)])) : undefined;
}
