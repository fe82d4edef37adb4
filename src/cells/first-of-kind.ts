/**
 * Returns a function that passes on a run's notes, except those that differ from an earlier one, of any run, only in
 * numbers and hashes: many runs have the same things to note.
 *
 * @param note displays a note, which begins with the name of its run
 */
export function firstOfKind(note: (text: string) => void): (run: string, text: string) => void {
  const known = new Set<string>();
  return (run, text) => {
    const kind = text.replace(/[\da-f]*\d[\da-f.,]*/g, "#");
    if (known.has(kind)) return;
    known.add(kind);
    note(`${run}: ${text}`);
  };
}
