import type { Expressions, FromSession, Question } from "../session-protocol.js";
import { dropSnapshot, findSnapshot, makeSnapshot } from "../snapshot/snapshot.js";
import type { Content } from "../wire/message.js";
import { describeExit, errorOfEnd, type SessionEnd } from "./session-end.js";
import { SessionProcess, type SessionListener } from "./session-process.js";

/** A session's message about a cell. */
export type CellMessage = Exclude<FromSession, { type: "ready" | "answer" }>;

/** Listener for events of the session. */
export interface Listener {
  onMessage(message: CellMessage): void;
  onNativeOutput: SessionListener["onNativeOutput"];
  /** The process ended, and a new one is starting. */
  onEnd(end: SessionEnd): void;
  /** Sessions keep ending before they can be used. */
  onFailure(message: string): void;
}

/** Maximum number of processes in a row that may end without having run a cell. */
const attempts = 3;

/** The session as the front sees it: always available, because a new process replaces one that ended. */
export class Session {
  private process!: SessionProcess;
  /** Resolves when the process accepts cells. */
  private ready!: Promise<void>;
  private failures = 0;
  private isClosing = false;
  private questions = 0;
  private readonly asked = new Map<number, (content: Content) => void>();
  /** Resolves to the listener once there is one. */
  private readonly listened: Promise<Listener>;
  private onListen!: (listener: Listener) => void;

  constructor() {
    this.listened = new Promise((resolve) => (this.onListen = resolve));
    this.start();
  }

  /** Sets the listener; it also receives earlier events. */
  listen(listener: Listener): void {
    this.onListen(listener);
  }

  private async tell(what: (listener: Listener) => void): Promise<void> {
    what(await this.listened);
  }

  /** Runs a cell once the process is ready. */
  async execute(cell: number, count: number, code: string, expressions: Expressions): Promise<void> {
    await this.ready;
    this.failures = 0;
    this.process.send({ type: "execute", cell, count, code, expressions });
  }

  /** Asks a cell passed to {@link execute} to stop; resolves once the request is sent. */
  async interrupt(cell: number): Promise<void> {
    // The cell itself must be sent first.
    await this.ready;
    this.process.interrupt(cell);
  }

  /** Forwards the user's input; undefined if the front end does not support input. */
  input(value: string | undefined): void {
    this.process.send({ type: "input", value });
  }

  /** Interrupts a cell that does not stop on request. */
  breakIn(): void {
    this.process.breakIn();
  }

  /** Returns the content of the reply to a question, or of an error if the session ends before it answers. */
  async ask(question: Question): Promise<Content> {
    await this.ready;
    const id = ++this.questions;
    const answer = new Promise<Content>((resolve) => this.asked.set(id, resolve));
    this.process.send({ type: "ask", id, question });
    return answer;
  }

  /** Ends the session. */
  async close(): Promise<void> {
    this.isClosing = true;
    await this.process.close();
  }

  private start(): void {
    this.ready = new Promise((resolve) => {
      let isReady = false;
      const snapshot = findSnapshot();
      const listener: SessionListener = {
        onMessage: (message) => {
          if (message.type === "ready") {
            isReady = true;
            if (snapshot === undefined) makeSnapshot();
            resolve();
          } else if (message.type === "answer") {
            this.asked.get(message.id)?.(message.content);
            this.asked.delete(message.id);
          } else {
            void this.tell((listener) => listener.onMessage(message));
          }
        },
        onNativeOutput: (name, text) => {
          if (isReady) void this.tell((listener) => listener.onNativeOutput(name, text));
          else process.stderr.write(text);
        },
        onEnd: (end) => {
          if (!isReady && snapshot !== undefined) dropSnapshot(snapshot);
          this.onEnd(end, isReady, resolve);
        },
      };
      this.process = new SessionProcess(listener, snapshot);
    });
  }

  private onEnd(end: SessionEnd, wasReady: boolean, resolve: (ready: Promise<void>) => void): void {
    if (this.isClosing) return;
    console.error(`sera kernel: the session ${describeExit(end)}`);
    if (++this.failures === attempts) {
      void this.tell((listener) =>
        listener.onFailure(`${attempts} sessions in a row have ended before they could run a cell`),
      );
      return;
    }
    this.start();
    // Callers that wait for a process that ended too early wait for the next one.
    resolve(this.ready);
    const { ename, evalue } = errorOfEnd(end);
    for (const answer of this.asked.values()) answer({ status: "error", ename, evalue, traceback: [] });
    this.asked.clear();
    if (wasReady) void this.tell((listener) => listener.onEnd(end));
  }
}
