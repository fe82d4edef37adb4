import type { LossColumn, PreferenceLoss, TokenInputs } from "./loss.js";

/**
 * Returns the column of a loss with a per-pair label smoothing ε.
 *
 * @param otherwise ε of pairs without the column
 * @param positive whether it must be above 0
 */
export function smoothingColumn(otherwise: number, positive = false): LossColumn {
  return {
    default: otherwise,
    optional: true,
    range: {
      expected: positive ? "a share in (0, 1/2)" : "a share in [0, 1/2)",
      isGood: (share) => share < 1 / 2 && (positive ? share > 0 : share >= 0),
    },
  };
}

type Columns = Readonly<Record<string, LossColumn>>;

/** Returns the columns that any of several losses reads; if their defaults differ, every pair must have the column. */
function mergedColumns(all: readonly (Columns | undefined)[]): Columns {
  const merged = new Map<string, LossColumn>();
  for (const [name, rule] of all.flatMap((columns) => Object.entries(columns ?? {}))) {
    const other = merged.get(name);
    merged.set(name, other ? both(other, rule) : rule);
  }
  return Object.fromEntries(merged);
}

function both(a: LossColumn, b: LossColumn): LossColumn {
  const ranges = [a.range, b.range].filter((range) => range !== undefined);
  return {
    default: a.default === b.default ? a.default : undefined,
    optional: Boolean(a.optional && b.optional),
    ...(ranges.length > 0 && {
      range: {
        expected: [...new Set(ranges.map(({ expected }) => expected))].join(" and "),
        isGood: (value) => ranges.every((range) => range.isGood(value)),
      },
    }),
  };
}

/** Returns the pair and token inputs of a sum of losses. */
export function inputsOfSum(losses: readonly PreferenceLoss[]): Pick<PreferenceLoss, "columns" | "tokens"> {
  const tokens = losses.flatMap((loss): TokenInputs[] => (loss.tokens ? [loss.tokens] : []));
  return {
    columns: mergedColumns(losses.map(({ columns }) => columns)),
    ...(tokens.length > 0 && {
      tokens: {
        reference: tokens.some(({ reference }) => reference),
        columns: mergedColumns(tokens.map(({ columns }) => columns)),
      },
    }),
  };
}
