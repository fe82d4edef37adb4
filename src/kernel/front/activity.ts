import type { Content } from "../wire/message.js";
import type { Request, Wire } from "../wire/wire.js";
import { InvalidRequest, UnsupportedRequest } from "./contents.js";

/** Answers requests and reports to the front ends while the kernel is busy with each. */
export class Activity {
  private cell: Request | undefined;

  constructor(private readonly wire: Wire) {}

  /**
   * Answers a request, publishing `busy` before and `idle` after it.
   *
   * @param work returns the content of the reply, or undefined for no reply
   */
  async answer(request: Request, work: () => Content | undefined | Promise<Content | undefined>): Promise<void> {
    this.publish("busy", request);
    const content = await this.contentOf(work);
    if (content) this.wire.reply(request, request.header.msg_type.replace(/_request$/, "_reply"), content);
    if (this.cell === request) this.cell = undefined;
    this.publish("idle", request);
    // A front end shows the last published state, but a cell is still running.
    if (this.cell) this.publish("busy", this.cell);
  }

  /** Answers a request to run a cell, as {@link answer}; only one runs at a time. */
  answerCell(request: Request, work: () => Promise<Content>): Promise<void> {
    this.cell = request;
    return this.answer(request, work);
  }

  private publish(state: "busy" | "idle", request: Request): void {
    this.wire.publish("status", { execution_state: state }, request);
  }

  private async contentOf(
    work: () => Content | undefined | Promise<Content | undefined>,
  ): Promise<Content | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof UnsupportedRequest || error instanceof InvalidRequest)) throw error;
      return { status: "error", ename: error.constructor.name, evalue: error.message, traceback: [] };
    }
  }
}
