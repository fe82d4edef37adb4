import { InputError, quote } from "../base/errors.js";
import type { Stages } from "./stages.js";

/**
 * The calls of stages by a method. If its `run` does not await one of them, it returns while the stage is still
 * running, or the stage's error is lost; both are found here.
 */
export class StageCalls {
  /** The calls that have not settled, and their names in messages. */
  private readonly running = new Map<StagePromise, string>();
  private readonly failures = new Map<unknown, StagePromise>();
  private isOver = false;

  /** @param method name of the method in messages */
  constructor(private readonly method: string) {}

  /** Returns the same stages; asynchronous calls through the result are counted. */
  counted(stages: Stages): Stages {
    return new Proxy(stages, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== "function") return value;
        return (...given: readonly unknown[]) => {
          const [t] = given;
          const call = `stages.${String(name)}(${typeof t === "number" ? t : ""})`;
          if (this.isOver) throw this.error(`${call} was called after its run had ended; await every stage`);
          const result: unknown = Reflect.apply(value, target, given);
          return result instanceof Promise ? this.count(call, result) : result;
        };
      },
    });
  }

  /** Returns whether a stage failed with this error. */
  failedWith(error: unknown): boolean {
    return this.failures.has(error);
  }

  /**
   * Call it when the method's `run` has returned.
   *
   * @throws InputError if a stage is still running; the error of a stage that failed and was not awaited
   */
  requireAwaited(): void {
    const names = [...new Set(this.running.values())];
    if (names.length > 0)
      throw this.error(
        `its run returned while ${names.join(" and ")} ${names.length > 1 ? "were still running; await them" : "was still running; await it"}`,
      );
    for (const [error, { isAwaited }] of this.failures) if (!isAwaited) throw error;
  }

  /** Refuses further calls, and waits until none is running. */
  async end(): Promise<void> {
    this.isOver = true;
    await Promise.allSettled(this.running.keys());
  }

  private count(call: string, result: Promise<unknown>): StagePromise {
    const promise = new StagePromise((resolve, reject) => {
      result.then(
        (value) => {
          this.running.delete(promise);
          resolve(value);
        },
        (error: unknown) => {
          this.running.delete(promise);
          this.failures.set(error, promise);
          reject(error as Error);
        },
      );
    });
    this.running.set(promise, call);
    return promise;
  }

  private error(message: string): InputError {
    return new InputError(`the method ${quote(this.method)}: ${message}`);
  }
}

/** The promise of a stage's result. A rejection that nothing awaits is left to {@link StageCalls.requireAwaited}. */
class StagePromise extends Promise<unknown> {
  isAwaited = false;

  constructor(executor: ConstructorParameters<typeof Promise<unknown>>[0]) {
    super(executor);
    // Otherwise Node ends the process at a rejection that nothing awaits.
    super.then(undefined, () => undefined);
  }

  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  // biome-ignore lint/suspicious/noThenProperty: `await` calls it.
  override then<A, B>(
    fulfilled?: ((value: unknown) => A | PromiseLike<A>) | null,
    rejected?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.isAwaited = true;
    return super.then(fulfilled, rejected);
  }
}
