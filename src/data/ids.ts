/**
 * Creates a function that makes ids unique: it returns an id unchanged the first time and with `#2`, `#3`, … after that
 * (several pairs of one prompt often share the prompt's id). The result depends only on the order of the ids.
 */
export function uniqueIds(): (id: string) => string {
  const times = new Map<string, number>();
  return function unique(id): string {
    const time = (times.get(id) ?? 0) + 1;
    times.set(id, time);
    // The suffixed id may itself be the id of another row.
    return time === 1 ? id : unique(`${id}#${time}`);
  };
}
