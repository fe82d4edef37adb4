import { createRequire } from "node:module";
import type { Converter } from "tslab/dist/converter.js";
import type { Executor } from "tslab/dist/executor.js";
import { bundleOf } from "../../notebook/bundle.js";
import type { CellError, Question } from "../session-protocol.js";
import { Cell, cells, Interrupted } from "./cell.js";
import { createCellConverter, type CellConverter } from "./converter.js";
import { forgetChangedFiles } from "./modules.js";
import { setNewest, tell, write } from "./output.js";
import { answer } from "./questions.js";
import { describeError } from "./traceback.js";

/** Time for work that watches the signal to stop and leave things in order, in milliseconds. */
const grace = 10_000;
/** After this long the user is told that something is still stopping, in milliseconds. */
const patience = 1_000;

const interrupted = describeError(new Interrupted());

interface Running {
  readonly cell: Cell;
  /** Ends the cell, whatever of it still runs. */
  readonly end: () => void;
}

type Outcome = { readonly value?: unknown } | { readonly thrown: unknown };

/** Runs cells, one after another, and answers questions about them. */
export class Session {
  private readonly converter: CellConverter;
  private readonly executor: Executor;
  private running: Running | undefined;
  /** What tslab's executor says of the cell that it runs. */
  private outcomes = new WeakMap<Cell, Outcome>();

  constructor(
    folder: string,
    private readonly flag: Int32Array,
  ) {
    this.converter = createCellConverter(folder);
    const { createExecutor } = createRequire(import.meta.url)("tslab/dist/executor.js") as typeof import("tslab/dist/executor.js");
    const converter: Converter = this.converter;
    this.executor = createExecutor(folder, { node: converter, browser: converter, close: () => converter.close() }, {
      log: (value: unknown) => this.outcomes.set(cells.getStore()!, { value }),
      error: (...parts: unknown[]) => this.outcomes.set(cells.getStore()!, { thrown: parts.length === 1 ? parts[0] : new Error(parts.join(" ")) }),
    });
  }

  /** Runs a cell and tells the front all that comes of it. */
  async execute(number: number, count: number, code: string): Promise<void> {
    const cell = new Cell(number, count, this.flag);
    this.flag[0] = 0;
    const ended = new Promise<void>((end) => (this.running = { cell, end }));
    setNewest(cell);
    const failure = await Promise.race([cells.run(cell, () => this.perform(cell, code)), ended]);
    cell.close();
    this.running = undefined;
    // However an interrupted cell came to its end, it did so because it was interrupted.
    const error = cell.isInterrupted && failure?.ename !== interrupted.ename ? interrupted : failure;
    tell({ type: "done", cell: number, ...(error && { error }) });
  }

  private async perform(cell: Cell, code: string): Promise<CellError | undefined> {
    try {
      forgetChangedFiles();
      this.converter.begin({ name: `cell-${cell.number}`, title: `cell [${cell.count}]`, source: code });
      await this.executor.execute(code);
      const outcome = this.outcomes.get(cell);
      if (outcome && "thrown" in outcome) return describeError(outcome.thrown);
      if (outcome && !cell.isInterrupted) tell({ type: "result", cell: cell.number, bundle: await bundleOf(outcome.value) });
      return undefined;
    } catch (error) {
      return describeError(error);
    }
  }

  /** Stops the running cell: at once, or, the first time, when work that watches its signal has stopped by itself. */
  interrupt(): void {
    if (!this.running) return;
    const { cell, end } = this.running;
    const again = cell.isAborted;
    cell.interrupt();
    if (again || !cell.isWatched) {
      this.executor.interrupt();
      // Not now: an error that the cell has just thrown may still be on its way.
      setImmediate(end);
      return;
    }
    setTimeout(() => !cell.isClosed && write(cell, "stderr", "stopping where nothing is lost; interrupt again to stop at once\n"), patience).unref();
    setTimeout(end, grace).unref();
  }

  /** Answers a question about code that is being typed. */
  answer(question: Question): Readonly<Record<string, unknown>> {
    return answer(this.executor, question);
  }
}
