import { domains, verbs, type Domain, type Verb } from "./vocabulary.js";

/** What a prompt asks for, apart from style; no two splits of a world share one. */
export interface Combination {
  readonly verb: Verb;
  readonly object: string;
  /** Two or three; their order makes no difference. */
  readonly items: readonly string[];
}

/** Every verb, object and set of two or three items: 4 × 8 × (91 + 364) = 14,560. */
export function combinations(): Combination[] {
  return verbs.flatMap((verb) => {
    const { objects, items }: Domain = domains[verb];
    const sets = [...subsets(items, 2), ...subsets(items, 3)];
    return objects.flatMap((object) => sets.map((items) => ({ verb, object, items })));
  });
}

/** A key that is equal for two requests if and only if they ask for the same combination. */
export function combinationKey({ verb, object, items }: Combination): string {
  return [verb, object, ...items.toSorted()].join(" ");
}

function subsets(items: readonly string[], size: number): string[][] {
  if (size === 0) return [[]];
  return items.flatMap((item, i) => subsets(items.slice(i + 1), size - 1).map((others) => [item, ...others]));
}
