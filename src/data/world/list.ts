/** "rice", "rice and beans", "rice , beans and leeks". */
export function writeList(items: readonly string[]): string {
  return items.length < 2 ? items.join("") : `${items.slice(0, -1).join(" , ")} and ${items.at(-1)}`;
}

/** Parses the output of {@link writeList}; for other text, writing the resulting list does not give that text again. */
export function readList(text: string): string[] {
  return text.split(/ , | and /);
}
