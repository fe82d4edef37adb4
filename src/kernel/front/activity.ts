import type { Content } from "../wire/message.js";
import type { Request, Wire } from "../wire/wire.js";
import { InvalidRequest, UnsupportedRequest } from "./contents.js";

/** Tells the front ends what the kernel is busy with, and answers each request while it is. */
export class Activity {
  private cell: Request | undefined;

  constructor(private readonly wire: Wire) {}

  /**
   * Answers a request between its `busy` and its `idle`.
   *
   * @param work gives the content of the reply; nothing is replied where it gives none
   */
  async answer(request: Request, work: () => Content | undefined | Promise<Content | undefined>): Promise<void> {
    this.publish("busy", request);
    const content = await this.contentOf(work);
    if (content) this.wire.reply(request, request.header.msg_type.replace(/_request$/, "_reply"), content);
    if (this.cell === request) this.cell = undefined;
    this.publish("idle", request);
    // A front end goes by the last it was told, and a cell still runs.
    if (this.cell) this.publish("busy", this.cell);
  }

  /** {@link answer} of the request to run a cell; there is one at a time. */
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
