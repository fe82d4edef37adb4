import { inspect } from "node:util";
import { Worker } from "node:worker_threads";

/** Properties by which Node tracks the owner of an object; they say nothing about the object. */
const bookkeeping = /^(async_id_symbol|trigger_async_id_symbol|asyncId|triggerId|kResourceStore)$/;

/** Makes promises and timers print as outside the kernel, and a worker, which references half of the process, only by name. */
export function tidyLooks(): void {
  const [timeout, immediate] = [setTimeout(() => {}), setImmediate(() => {})];
  clearTimeout(timeout);
  clearImmediate(immediate);
  for (const prototype of [
    Promise.prototype,
    Object.getPrototypeOf(timeout),
    Object.getPrototypeOf(immediate),
  ] as object[]) {
    Object.defineProperty(prototype, inspect.custom, {
      value(this: object) {
        hideFor(this);
        return this;
      },
      configurable: true,
      writable: true,
    });
  }
  Object.defineProperty(Worker.prototype, inspect.custom, {
    value: () => "[Worker]",
    configurable: true,
    writable: true,
  });
}

/** Removes the tracking properties from an object until the code inspecting it has finished. */
function hideFor(object: object): void {
  const hidden = Object.getOwnPropertySymbols(object).filter(({ description = "" }) => bookkeeping.test(description));
  if (hidden.length === 0) return;
  const kept = hidden.map((symbol) => [symbol, Object.getOwnPropertyDescriptor(object, symbol)!] as const);
  for (const symbol of hidden) Reflect.deleteProperty(object, symbol);
  queueMicrotask(() => {
    for (const [symbol, descriptor] of kept) Object.defineProperty(object, symbol, descriptor);
  });
}
