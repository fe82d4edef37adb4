/**
 * Asks for all items side by side. The first failure aborts the others, which nobody would read, and is thrown once they have ended.
 *
 * @param ask gets a signal that follows the first failure and `signal`
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
