import type { CellError, Values } from "../session-protocol.js";
import type { Request, Wire } from "../wire/wire.js";
import type { CellMessage } from "./session.js";
import { StreamBuffer, type StreamName } from "./stream-buffer.js";

/** How a front end requested a cell to run. */
interface Asked {
  /** Whether to publish only what the cell prints and displays, and its error. */
  readonly silent: boolean;
  readonly count: number;
  /** Whether the front end can ask the user for a line of text. */
  readonly takesInput: boolean;
}

/** How a cell ended. */
export interface Outcome {
  /** Why the cell failed, if it did. */
  readonly error?: CellError | undefined;
  /** Results of the request's `user_expressions`. */
  readonly values?: Values | undefined;
}

/** One run of a cell. Its output is published under the request that ran it, even after it has ended. */
export class Cell {
  /** Resolves when the cell has ended. */
  readonly ended: Promise<Outcome>;
  private end!: (outcome: Outcome) => void;
  private readonly stream: StreamBuffer;

  /** @param number identifies this run to the session */
  constructor(
    private readonly wire: Wire,
    readonly number: number,
    private readonly request: Request,
    private readonly asked: Asked,
  ) {
    this.ended = new Promise((resolve) => (this.end = resolve));
    this.stream = new StreamBuffer((name, text) => this.wire.publish("stream", { name, text }, this.request));
  }

  write(name: StreamName, text: string): void {
    this.stream.write(name, text);
  }

  /** Asks the user for a line of text. Returns false if the front end does not support input. */
  ask(prompt: string): boolean {
    this.stream.flush();
    if (this.asked.takesInput) this.wire.ask(this.request, prompt);
    return this.asked.takesInput;
  }

  on(message: Exclude<CellMessage, { type: "stream" | "input" }>): void {
    this.stream.flush();
    switch (message.type) {
      case "display":
        return this.display(message);
      case "result":
        return this.result(message);
      case "done":
        return this.finish(message);
    }
  }

  /** Ends the cell, with an error if it failed. */
  finish({ error, values }: Outcome): void {
    this.stream.flush();
    if (error) this.wire.publish("error", { ...error }, this.request);
    this.end(error ? { error } : { values });
  }

  private display({ bundle, id, update }: Extract<CellMessage, { type: "display" }>): void {
    const content = { data: bundle, metadata: {}, transient: id === undefined ? {} : { display_id: id } };
    this.wire.publish(update ? "update_display_data" : "display_data", content, this.request);
  }

  private result({ bundle }: Extract<CellMessage, { type: "result" }>): void {
    if (this.asked.silent) return;
    this.wire.publish(
      "execute_result",
      { execution_count: this.asked.count, data: bundle, metadata: {} },
      this.request,
    );
  }
}
