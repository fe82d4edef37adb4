import { fork, type ChildProcess } from "node:child_process";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Writable } from "node:stream";
import type { FromSession, ToSession } from "../session-protocol.js";
import type { Exit, SessionEnd } from "./session-end.js";
import type { StreamName } from "./stream-buffer.js";

/** Listener for events of a session's process. */
export interface SessionListener {
  onMessage(message: FromSession): void;
  /** Native code wrote output that bypasses JavaScript's streams. */
  onNativeOutput(name: StreamName, text: string): void;
  /** The process ended; no further event follows. */
  onEnd(end: SessionEnd): void;
}

const program = fileURLToPath(new URL("../session/main.js", import.meta.url));

/** Milliseconds that a session may take to end by itself. */
const patience = 1000;

/** Milliseconds to keep reading an ended session's pipes if a process started by a cell holds them open. */
const drain = 200;

/** Number of characters of stderr kept to explain why a session ended. */
const tailLength = 16_384;

/** First lines of the dumps that V8 writes when it aborts; they mean nothing to the reader of a notebook. */
const crashDump = /^(?:<--- Last few GCs --->|----- Native stack trace -----|FATAL ERROR: |#\n# Fatal )/m;

/** A process that runs cells. */
export class SessionProcess {
  private readonly child: ChildProcess;
  private readonly watchdog: Writable;
  private readonly exited: Promise<Exit>;
  private stderr = "";
  private hasCrashed = false;

  /** @param snapshot the snapshot file to start from, if any */
  constructor(
    private readonly listener: SessionListener,
    snapshot: string | undefined,
  ) {
    // A separate process group, because Jupyter interrupts and kills the whole group of the front.
    const detached = process.platform !== "win32";
    const execArgv = snapshot === undefined ? process.execArgv : [...process.execArgv, "--snapshot-blob", snapshot];
    this.child = fork(program, { stdio: ["ignore", "pipe", "pipe", "ipc", "pipe"], detached, execArgv });
    this.watchdog = this.child.stdio[4] as Writable;
    // Writing to an ended session fails; its exit event already reports the end.
    this.watchdog.on("error", () => {});
    this.child.on("message", (message) => listener.onMessage(message as FromSession));
    this.child.stdout!.setEncoding("utf8").on("data", (text: string) => listener.onNativeOutput("stdout", text));
    this.child.stderr!.setEncoding("utf8").on("data", (text: string) => this.onStderr(text));
    this.exited = new Promise((resolve) => {
      this.child.on("exit", (code, signal) => resolve({ code, signal }));
      this.child.on("error", (error) => {
        console.error(`sera kernel: the session's process: ${error.message}`);
        resolve({ code: null, signal: null });
      });
    });
    void this.tellEnd();
  }

  send(message: ToSession): void {
    // The callback swallows the error of an ended session; its exit event already reports the end.
    this.child.send(message, () => {});
  }

  /** Asks a cell to stop, even one stuck in its own loop. */
  interrupt(cell: number): void {
    this.send({ type: "interrupt" });
    this.watchdog.write(`${cell}\n`);
  }

  /** Interrupts code that does not check whether it should stop, such as a loop in a package. */
  breakIn(): void {
    if (process.platform !== "win32") this.child.kill("SIGINT");
  }

  /** Ends the process and the processes that its cells started. */
  async close(): Promise<void> {
    if (this.child.connected) this.child.disconnect();
    await Promise.race([this.exited, wait(patience, undefined, { ref: false })]);
    this.kill();
    await this.exited;
  }

  private kill(): void {
    if (process.platform === "win32" || this.child.pid === undefined) {
      this.child.kill("SIGKILL");
      return;
    }
    try {
      process.kill(-this.child.pid, "SIGKILL");
    } catch {
      // The whole group has ended.
    }
  }

  private onStderr(text: string): void {
    this.stderr = (this.stderr + text).slice(-tailLength);
    const start = this.hasCrashed ? 0 : text.search(crashDump);
    if (start < 0) {
      this.listener.onNativeOutput("stderr", text);
      return;
    }
    this.hasCrashed = true;
    if (text.slice(0, start).trim()) this.listener.onNativeOutput("stderr", text.slice(0, start));
    process.stderr.write(text.slice(start));
  }

  private async tellEnd(): Promise<void> {
    // Read the last output of the process first.
    const read = new Promise((resolve) => this.child.once("close", resolve));
    const exit = await this.exited;
    await Promise.race([read, wait(drain)]);
    this.listener.onEnd({ ...exit, stderr: this.stderr });
  }
}
