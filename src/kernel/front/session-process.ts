import { fork, type ChildProcess } from "node:child_process";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Writable } from "node:stream";
import type { FromSession, ToSession } from "../session-protocol.js";
import type { Exit, SessionEnd } from "./session-end.js";
import type { StreamName } from "./stream-buffer.js";

/** What is told of a session's process. */
export interface SessionListener {
  onMessage(message: FromSession): void;
  /** Native code has written past JavaScript's streams. */
  onNativeOutput(name: StreamName, text: string): void;
  /** Nothing more comes of this process. */
  onEnd(end: SessionEnd): void;
}

const program = fileURLToPath(new URL("../session/main.js", import.meta.url));

/** How long a session may take to end by itself, in milliseconds. */
const patience = 1000;

/** How long an ended session's pipes are read on, where a process that a cell has started holds them open, in milliseconds. */
const drain = 200;

/** How much of stderr is kept to tell why a session ended, in characters. */
const tailLength = 16_384;

/** With these lines begin the dumps that V8 writes when it gives up; they tell nothing to the reader of a notebook. */
const crashDump = /^(?:<--- Last few GCs --->|----- Native stack trace -----|FATAL ERROR: |#\n# Fatal )/m;

/** One process in which cells run. */
export class SessionProcess {
  private readonly child: ChildProcess;
  private readonly watchdog: Writable;
  private readonly exited: Promise<Exit>;
  private stderr = "";
  private hasCrashed = false;

  /** @param snapshot the file to start from, if there is one */
  constructor(
    private readonly listener: SessionListener,
    snapshot: string | undefined,
  ) {
    // A group of its own, because Jupyter interrupts and kills the whole group of the front.
    const detached = process.platform !== "win32";
    const execArgv = snapshot === undefined ? process.execArgv : [...process.execArgv, "--snapshot-blob", snapshot];
    this.child = fork(program, { stdio: ["ignore", "pipe", "pipe", "ipc", "pipe"], detached, execArgv });
    this.watchdog = this.child.stdio[4] as Writable;
    // A session that has ended cannot be written to; that it has ended is told by its exit.
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
    // The callback takes the error of a session that has ended; that it has ended is told by its exit.
    this.child.send(message, () => {});
  }

  /** Asks a cell to stop, even one that is stuck in a loop of its own. */
  interrupt(cell: number): void {
    this.send({ type: "interrupt" });
    this.watchdog.write(`${cell}\n`);
  }

  /** Breaks into code that does not ask whether it is to stop: a package's loop. */
  breakIn(): void {
    if (process.platform !== "win32") this.child.kill("SIGINT");
  }

  /** Ends the process and what its cells have started. */
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
    // What the process said last is read before.
    const read = new Promise((resolve) => this.child.once("close", resolve));
    const exit = await this.exited;
    await Promise.race([read, wait(drain)]);
    this.listener.onEnd({ ...exit, stderr: this.stderr });
  }
}
