/** Python's white space, which differs slightly from JavaScript's. */
const space = "[\\p{White_Space}\\x1c-\\x1f]";

/** Strips white space, or the given characters, from the ends. */
export function stripped(text: string, characters: string | undefined, ends: "left" | "right" | "both"): string {
  const set = characters === undefined ? undefined : new Set(characters);
  const white = new RegExp(`^${space}$`, "u");
  const all = Array.from(text);
  const goes = (character: string) => (set ? set.has(character) : white.test(character));
  let [start, end] = [0, all.length];
  if (ends !== "right") while (start < end && goes(all[start]!)) start++;
  if (ends !== "left") while (end > start && goes(all[end - 1]!)) end--;
  return all.slice(start, end).join("");
}

/** Python's `split`: by a separator, or by runs of white space; at most `most` times. */
export function split(text: string, separator: string | undefined, most: number): string[] {
  if (separator !== undefined) {
    const parts = text.split(separator);
    return most < 0 || parts.length <= most + 1 ? parts : [...parts.slice(0, most), parts.slice(most).join(separator)];
  }
  const parts: string[] = [];
  let rest = stripped(text, undefined, "left");
  const gap = new RegExp(`${space}+`, "u");
  while (rest !== "") {
    const found = gap.exec(rest);
    if (!found || (most >= 0 && parts.length === most)) {
      parts.push(rest);
      break;
    }
    parts.push(rest.slice(0, found.index));
    rest = rest.slice(found.index + found[0].length);
  }
  return parts;
}

/** Python's `rsplit`, which counts from the end. */
export function rightSplit(text: string, separator: string | undefined, most: number): string[] {
  const mirrored = (each: string) => Array.from(each).reverse().join("");
  if (most < 0) return split(text, separator, most);
  return split(mirrored(text), separator === undefined ? undefined : mirrored(separator), most)
    .map(mirrored)
    .reverse();
}

export function splitLines(text: string, keepEnds: boolean): string[] {
  const lines =
    text.match(
      /[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]*(?:\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029])|[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+$/g,
    ) ?? [];
  return keepEnds ? lines : lines.map((line) => line.replace(/(?:\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029])$/, ""));
}

export function capitalized(text: string): string {
  const [first = "", ...others] = Array.from(text);
  return first.toUpperCase() + others.join("").toLowerCase();
}

/** `str.title`: capitalises each run of letters. */
export function titled(text: string): string {
  return text.replace(/\p{Cased}+/gu, (word) => capitalized(word));
}

export function isBlank(text: string): boolean {
  return text !== "" && stripped(text, undefined, "both") === "";
}

/** Replaces the first `count` occurrences; all if `count` is below 0. */
export function replaced(text: string, old: string, by: string, count: number): string {
  if (count < 0)
    return old === "" ? [by, ...Array.from(text).flatMap((each) => [each, by])].join("") : text.split(old).join(by);
  if (old === "") {
    const parts = Array.from(text);
    return parts.map((each, i) => (i < count ? by + each : each)).join("") + (parts.length < count ? by : "");
  }
  const parts = text.split(old);
  const head = parts.slice(0, count + 1).join(by);
  return parts.length > count + 1 ? [head, ...parts.slice(count + 1)].join(old) : head;
}
