import type { Expressions, FromSession, Question } from "../session-protocol.js";
import { dropSnapshot, findSnapshot, makeSnapshot } from "../snapshot/snapshot.js";
import type { Content } from "../wire/message.js";
import { describeExit, errorOfEnd, type SessionEnd } from "./session-end.js";
import { SessionProcess, type SessionListener } from "./session-process.js";

/** What a session says of its cells. */
export type CellMessage = Exclude<FromSession, { type: "ready" | "answer" }>;

/** What is told of the session. */
export interface Listener {
  onMessage(message: CellMessage): void;
  onNativeOutput: SessionListener["onNativeOutput"];
  /** The process has ended, and a new one is on its way. */
  onEnd(end: SessionEnd): void;
  /** Sessions end before they can be used. */
  onFailure(message: string): void;
}

/** How many processes may end in a row without having run a cell. */
const attempts = 3;

/** The session as the front sees it: always there, since a new process takes the place of one that has ended. */
export class Session {
  private process!: SessionProcess;
  /** Done when the process takes cells. */
  private ready!: Promise<void>;
  private failures = 0;
  private isClosing = false;
  private questions = 0;
  private readonly asked = new Map<number, (content: Content) => void>();
  /** Done when there is somebody to tell. */
  private readonly listened: Promise<Listener>;
  private onListen!: (listener: Listener) => void;

  constructor() {
    this.listened = new Promise((resolve) => (this.onListen = resolve));
    this.start();
  }

  /** Tells of the session, also what was so before. */
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

  /** Asks a cell to stop that has been given to {@link execute}; done when that has been sent. */
  async interrupt(cell: number): Promise<void> {
    // Not before it has been sent.
    await this.ready;
    this.process.interrupt(cell);
  }

  /** Forwards the user's input; undefined if the front end does not support input. */
  input(value: string | undefined): void {
    this.process.send({ type: "input", value });
  }

  /** Breaks into a cell that has been asked to stop and does not. */
  breakIn(): void {
    this.process.breakIn();
  }

  /** The content of the reply to a question, or of an error where the session ends over it. */
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
    // Who waits for a process that ended too early waits for the next.
    resolve(this.ready);
    const { ename, evalue } = errorOfEnd(end);
    for (const answer of this.asked.values()) answer({ status: "error", ename, evalue, traceback: [] });
    this.asked.clear();
    if (wasReady) void this.tell((listener) => listener.onEnd(end));
  }
}
