import { bundleOf } from "../../notebook/bundle.js";
import type { CellError, Expressions, Question, Values } from "../session-protocol.js";
import { Cell, cells, Interrupted } from "./cell.js";
import { Converter } from "./converter.js";
import { Executor } from "./executor.js";
import { forgetInput } from "./input.js";
import { forgetChangedFiles } from "./modules.js";
import { setNewest, tell, write } from "./output.js";
import { answer } from "./questions.js";
import { describeError } from "./traceback.js";

/** Milliseconds given to work that watches the signal to stop cleanly. */
const grace = 10_000;
/** Milliseconds after which the user learns that something is still stopping. */
const patience = 1_000;

const interrupted = describeError(new Interrupted());

interface Running {
  readonly cell: Cell;
  /** Ends the cell, even if parts of it still run. */
  readonly end: () => void;
}

/** Outcome of a cell: exactly one of the two is set. */
interface Outcome {
  readonly failure?: CellError;
  readonly values?: Values;
}

/** Runs cells, one after another, and answers questions about them. */
export class Session {
  private readonly converter: Converter;
  private readonly executor: Executor;
  private running: Running | undefined;

  constructor(
    folder: string,
    private readonly flag: Int32Array,
  ) {
    this.converter = new Converter(folder);
    this.executor = new Executor(this.converter, folder);
  }

  /** Runs a cell and sends its results to the front. */
  async execute(number: number, count: number, code: string, expressions: Expressions): Promise<void> {
    const cell = new Cell(number, count, this.flag);
    // Do not clear an interrupt of this very cell, which the watchdog may already have received.
    const before = Atomics.load(this.flag, 0);
    if (before !== number) Atomics.compareExchange(this.flag, 0, before, 0);
    const ended = new Promise<void>((end) => (this.running = { cell, end }));
    setNewest(cell);
    forgetInput();
    const performed = cells.run(cell, async () => {
      const failure = await this.perform(cell, code);
      return failure ? { failure } : { values: await this.evaluate(cell, expressions) };
    });
    const { failure, values }: Outcome = (await Promise.race([performed, ended])) ?? {};
    cell.close();
    this.running = undefined;
    // However an interrupted cell ended, report the interrupt as the cause.
    const error = cell.isInterrupted && failure?.ename !== interrupted.ename ? interrupted : failure;
    tell({ type: "done", cell: number, ...(error ? { error } : values && { values }) });
  }

  private async perform(cell: Cell, code: string): Promise<CellError | undefined> {
    try {
      forgetChangedFiles();
      const result = await this.executor.run({
        name: `cell-${cell.number}`,
        title: `cell [${cell.count}]`,
        source: code,
      });
      // The result of an interrupted cell is not its value.
      if (result && result[0] !== undefined && !cell.isInterrupted)
        tell({ type: "result", cell: cell.number, bundle: await bundleOf(result[0]) });
      return undefined;
    } catch (error) {
      return describeError(error);
    }
  }

  private async evaluate(cell: Cell, expressions: Expressions): Promise<Values> {
    const values: Record<string, Values[string]> = {};
    for (const [name, source] of Object.entries(expressions)) {
      const text = { name: `cell-${cell.number}-${name}`, title: `user expression "${name}"`, source };
      try {
        const [value] = (await this.executor.run(text)) ?? [];
        values[name] = { status: "ok", data: await bundleOf(value), metadata: {} };
      } catch (error) {
        values[name] = { status: "error", ...describeError(error) };
      }
    }
    return values;
  }

  /** Stops the running cell: at once, or, on the first interrupt, after work that watches its signal has stopped by itself. */
  interrupt(): void {
    if (!this.running) return;
    const { cell, end } = this.running;
    const again = cell.isAborted;
    cell.interrupt();
    if (again || !cell.isWatched) {
      // Deferred, because an error that the cell has just thrown may still be propagating.
      setImmediate(end);
      return;
    }
    setTimeout(
      () =>
        !cell.isClosed && write(cell, "stderr", "stopping where nothing is lost; interrupt again to stop at once\n"),
      patience,
    ).unref();
    setTimeout(end, grace).unref();
  }

  /** Answers a question about code being typed. */
  answer(question: Question): Readonly<Record<string, unknown>> {
    return answer(this.converter, question);
  }
}
