/**
 * Increment it when a change of the library changes the bytes of results: runs of other revisions count as other runs.
 */
export const resultsRevision = 1;
