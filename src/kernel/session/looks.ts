import { inspect } from "node:util";
import { MessageChannel, MessagePort, Worker } from "node:worker_threads";

/** What Node keeps on objects to know whose they are; it says nothing of them. */
const bookkeeping = /^(async_id_symbol|trigger_async_id_symbol|asyncId|triggerId|kResourceStore)$/;

/** Shows promises as outside the kernel, and objects of Node's that lead to half the process by their names only. */
export function tidyLooks(): void {
  Object.defineProperty(Promise.prototype, inspect.custom, {
    value(this: Promise<unknown>) {
      hideFor(this);
      return this;
    },
    configurable: true,
    writable: true,
  });
  for (const { name, prototype } of [Worker, MessagePort, MessageChannel]) {
    Object.defineProperty(prototype, inspect.custom, { value: () => `[${name}]`, configurable: true, writable: true });
  }
}

/** Takes the bookkeeping off an object until the code that now looks at it has done so. */
function hideFor(object: object): void {
  const hidden = Object.getOwnPropertySymbols(object).filter(({ description = "" }) => bookkeeping.test(description));
  if (hidden.length === 0) return;
  const kept = hidden.map((symbol) => [symbol, Object.getOwnPropertyDescriptor(object, symbol)!] as const);
  for (const symbol of hidden) Reflect.deleteProperty(object, symbol);
  queueMicrotask(() => {
    for (const [symbol, descriptor] of kept) Object.defineProperty(object, symbol, descriptor);
  });
}
