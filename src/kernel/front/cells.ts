import { setTimeout as wait } from "node:timers/promises";
import type { z } from "zod";
import type { Content } from "../wire/message.js";
import type { Request, Wire } from "../wire/wire.js";
import type { Activity } from "./activity.js";
import { Cell, type Outcome } from "./cell.js";
import { contents, contentOf } from "./contents.js";
import type { History } from "./history.js";
import { errorOfEnd, type SessionEnd } from "./session-end.js";
import type { CellMessage, Session } from "./session.js";
import type { StreamName } from "./stream-buffer.js";

type Asked = z.output<typeof contents.execute>;

/** Number of ended cells remembered, for output that they still produce. */
const remembered = 1000;

/**
 * Milliseconds that a cell may take to stop on request before a signal interrupts it. The two must not coincide: if a
 * cell stops just as the signal arrives, Node interrupts a later cell.
 */
const patience = 300;

/** Runs cells one after the other, in the order of their requests. */
export class Cells {
  private readonly queue: Request[] = [];
  private readonly cells = new Map<number, Cell>();
  private running: Cell | undefined;
  private isBusy = false;
  /** Number of the newest cell. */
  private number = 0;
  /** Execution count that a notebook shows in brackets next to the newest counted cell. */
  private count = 0;

  constructor(
    private readonly wire: Wire,
    private readonly activity: Activity,
    private readonly session: Session,
    private readonly history: History,
  ) {}

  /** Queues an `execute_request`, which is answered in its turn. */
  add(request: Request): void {
    this.queue.push(request);
    if (!this.isBusy) void this.work();
  }

  /** Stops the running cell and drops the queued ones. */
  interrupt(): void {
    this.abortQueue();
    if (this.running) void this.stop(this.running);
  }

  /** Handles a message from the session about a cell. */
  onMessage(message: CellMessage): void {
    const cell = this.cells.get(message.cell);
    if (message.type === "stream") write(cell, message.name, message.text);
    else if (message.type === "input") this.ask(cell, message.prompt);
    else cell?.on(message);
  }

  /** Handles the user's reply to a cell's `prompt`. */
  onInput({ content }: Request): void {
    this.session.input(contents.input.safeParse(content).data?.value);
  }

  /** Handles output of native code, which does not say which cell it belongs to. */
  onNativeOutput(name: StreamName, text: string): void {
    write(this.newest(), name, text);
  }

  /** Handles the end of the session, which also ends the running cell. */
  onSessionEnd(end: SessionEnd): void {
    const error = errorOfEnd(end);
    if (this.running) this.running.finish({ error });
    else write(this.newest(), "stderr", `${error.ename}: ${error.evalue}\n`);
  }

  private ask(cell: Cell | undefined, prompt: string): void {
    if (!cell?.ask(prompt)) this.session.input(undefined);
  }

  private async stop(cell: Cell): Promise<void> {
    await this.session.interrupt(cell.number);
    await wait(patience);
    if (this.running === cell) this.session.breakIn();
  }

  private newest(): Cell | undefined {
    return this.cells.get(this.number);
  }

  private async work(): Promise<void> {
    this.isBusy = true;
    for (let request = this.queue.shift(); request; request = this.queue.shift()) {
      let stops = false;
      await this.activity.answerCell(request, async () => {
        const asked = contentOf(request, contents.execute);
        const outcome = isEmpty(asked) ? {} : await this.run(request, asked);
        stops = outcome.error !== undefined && asked.stop_on_error;
        return this.reply(outcome);
      });
      if (stops) this.abortQueue();
    }
    this.isBusy = false;
  }

  private async run(
    request: Request,
    { code, silent, store_history, user_expressions, allow_stdin }: Asked,
  ): Promise<Outcome> {
    if (!silent && store_history) this.history.add(++this.count, code);
    const cell = new Cell(this.wire, ++this.number, request, { silent, count: this.count, takesInput: allow_stdin });
    this.running = cell;
    this.remember(cell);
    if (!silent) this.wire.publish("execute_input", { code, execution_count: this.count }, request);
    void this.session.execute(cell.number, this.count, code, user_expressions);
    const outcome = await cell.ended;
    this.running = undefined;
    return outcome;
  }

  private reply({ error, values = {} }: Outcome): Content {
    if (error) return { status: "error", execution_count: this.count, ...error };
    return { status: "ok", execution_count: this.count, payload: [], user_expressions: values };
  }

  private remember(cell: Cell): void {
    this.cells.set(cell.number, cell);
    this.cells.delete(cell.number - remembered);
  }

  private abortQueue(): void {
    for (const request of this.queue.splice(0)) void this.activity.answer(request, () => ({ status: "aborted" }));
  }
}

/** Writes text to a cell, or to the kernel's own stderr if no cell wrote it. */
function write(cell: Cell | undefined, name: StreamName, text: string): void {
  if (cell) cell.write(name, text);
  else process.stderr.write(text);
}

/** Whether a request has nothing to run. */
function isEmpty({ code, user_expressions }: Asked): boolean {
  return code.trim() === "" && Object.keys(user_expressions).length === 0;
}
