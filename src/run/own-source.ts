import type { ExampleSource, ExampleSourceOf } from "../align/example-source.js";
import { InputError, quote } from "../base/errors.js";
import { callOwn, interruptGrace } from "../base/own-function.js";

/**
 * Wraps the source of a user's method: errors name it, a step must get the number of examples that it was planned with,
 * and an aborted run stops waiting for it after {@link interruptGrace}.
 *
 * @param method name of the method in messages
 */
export function ownSource<Example>(
  method: string,
  sourceOf: ExampleSourceOf<Example>,
  signal: AbortSignal | undefined,
): ExampleSourceOf<Example> {
  const name = `the method ${quote(method)}: its source`;
  const call = <T>(what: string, work: () => Promise<T>): Promise<T> =>
    callOwn(`${name}${what}`, work, { signal, grace: interruptGrace });
  return async (...given) => {
    const source = await call("", () => sourceOf(...given));
    return {
      async next(step, planned, signal) {
        const examples = await call(".next", () => source.next(step, planned, signal));
        if (examples.length !== planned.length)
          throw new InputError(
            `${name}.next gave ${examples.length} examples for step ${step}, which needs ${planned.length}`,
          );
        return examples;
      },
      follow: (policy, step) => call(".follow", () => source.follow(policy, step)),
      get metrics() {
        return source.metrics;
      },
      get leader() {
        return source.leader;
      },
      get samplingSeconds() {
        return source.samplingSeconds;
      },
      state: () => call(".state", () => source.state()),
      free: () => call(".free", () => source.free()),
    } satisfies ExampleSource<Example>;
  };
}
