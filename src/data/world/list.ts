/** "rice", "rice and beans", "rice , beans and leeks". */
export function writeList(items: readonly string[]): string {
  return items.length < 2 ? items.join("") : `${items.slice(0, -1).join(" , ")} and ${items.at(-1)}`;
}

/** Reads what {@link writeList} writes; other text gives a list that does not write back to it. */
export function readList(text: string): string[] {
  return text.split(/ , | and /);
}
