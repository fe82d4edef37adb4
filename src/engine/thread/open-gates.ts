import type { Gate } from "./gate.js";

/** Gates that threads may be inside of. The process must not end while a thread is inside one. */
export const openGates = new Set<Gate>();

process.on("exit", () => {
  for (const gate of openGates) {
    gate.shut();
    gate.hurry();
  }
  for (const gate of openGates) gate.waitUntilEmpty();
});
