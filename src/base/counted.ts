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
