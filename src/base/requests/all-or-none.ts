/**
 * Requests all items concurrently. The first failure aborts the others, whose results would not be used, and is thrown
 * once they have ended.
 *
 * @param ask receives a signal that aborts on the first failure or with `signal`
 */
export async function allOrNone<T, R>(
  items: readonly T[],
  signal: AbortSignal | undefined,
  ask: (item: T, signal: AbortSignal, index: number) => Promise<R>,
): Promise<R[]> {
  signal?.throwIfAborted();
  const failed = new AbortController();
  const either = AbortSignal.any([failed.signal, ...(signal ? [signal] : [])]);
  const results = await Promise.allSettled(
    items.map(async (item, i) => {
      try {
        return await ask(item, either, i);
      } catch (error) {
        failed.abort(error);
        throw error;
      }
    }),
  );
  either.throwIfAborted();
  return results.map((result) => (result as PromiseFulfilledResult<R>).value);
}
