/** Formats a count with its noun: `1 pair`, `8,000 pairs`. */
export function counted(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** Formats a part of a count: `1 of 8,000 pairs`, `1 of 1 pair`. */
export function countedOf(part: number, count: number, noun: string): string {
  return `${grouped(part)} of ${counted(count, noun)}`;
}

/** Formats a whole number with separators: `8,000`. */
export function grouped(count: number): string {
  return count.toLocaleString("en-US");
}

/** Formats a part in per cent: `12 %`; `< 1 %` and `> 99 %` instead of 0 and 100 for a part that is neither. */
export function percentOf(part: number, count: number): string {
  const percent = Math.round((100 * part) / count);
  if (percent === 0 && part > 0) return "< 1 %";
  return percent === 100 && part < count ? "> 99 %" : `${percent} %`;
}
