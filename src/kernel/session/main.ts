import { offerHost } from "../../notebook/host.js";
import type { ToSession } from "../session-protocol.js";
import { adoptChildren } from "./children.js";
import { defineGuards } from "./guards.js";
import { takeInput } from "./input.js";
import { tidyLooks } from "./looks.js";
import { installModuleHooks } from "./modules.js";
import { captureOutput, show, speakingCell, tell, write } from "./output.js";
import { Session } from "./session.js";
import { tellStacksInTypeScript } from "./stack.js";
import { adoptTslab } from "./tslab.js";
import { describeError, isInterrupt } from "./traceback.js";
import { compiler } from "./typescript.js";
import { startWatchdog } from "./watchdog.js";

/*
 * The process that runs the cells. It is started by the front, and ends with it.
 */

const endProcess = process.exit.bind(process);

/** Reports a failure that no cell awaits below the cell that caused it. */
function tellFailure(thrown: unknown, what: string): void {
  const cell = speakingCell();
  if (isInterrupt(thrown) && cell?.isInterrupted) return;
  const { traceback } = describeError(thrown);
  write(cell, "stderr", `${what}: ${traceback.join("\n")}\n`);
}

process.on("disconnect", () => endProcess());
// Interrupts arrive as messages; the signal only ends a cell that runs without awaiting, and otherwise must not end the
// process.
process.on("SIGINT", () => {});
process.exit = (code?: number | string | null) => {
  throw new Error(`process.exit(${code ?? ""}): a cell cannot end the kernel; to start anew, restart the kernel`);
};

const watchdog = startWatchdog();
defineGuards(watchdog.flag);
tellStacksInTypeScript();
tidyLooks();
captureOutput();
adoptChildren(watchdog);
installModuleHooks(adoptTslab);
offerHost({
  get signal() {
    return speakingCell()?.signal ?? new AbortController().signal;
  },
  show,
});
const session = new Session(process.cwd(), watchdog.flag);

process.on("message", (message: ToSession) => {
  switch (message.type) {
    case "execute":
      // Not awaited, so that later messages are handled while the cell waits.
      void session.execute(message.cell, message.count, message.code, message.expressions);
      break;
    case "interrupt":
      session.interrupt();
      break;
    case "input":
      takeInput(message.value);
      break;
    case "ask":
      tell({ type: "answer", id: message.id, content: session.answer(message.question) });
      break;
  }
});
// Only now: an earlier failure ends the process, and the front reports it.
process.on("uncaughtException", (error) => tellFailure(error, "Uncaught, later"));
process.on("unhandledRejection", (error) => tellFailure(error, "Rejected, and nothing awaits it"));
tell({ type: "ready", typescript: compiler.version });
