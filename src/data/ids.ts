/**
 * A function that gives each id back the first time, and with `#2`, `#3`, … the times after:
 * a dataset that names its prompts repeats the name over the prompt's pairs. The outcome depends
 * on the order of the ids alone.
 */
export function uniqueIds(): (id: string) => string {
  const times = new Map<string, number>();
  return function unique(id): string {
    const time = (times.get(id) ?? 0) + 1;
    times.set(id, time);
    // The suffixed id may itself be taken by a row that is called so.
    return time === 1 ? id : unique(`${id}#${time}`);
  };
}
