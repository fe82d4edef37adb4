import type { Content } from "../wire/message.js";
import type { Request, Wire } from "../wire/wire.js";
import { Activity } from "./activity.js";
import { Cells } from "./cells.js";
import { contents, contentOf, UnsupportedRequest } from "./contents.js";
import { History } from "./history.js";
import { kernelInfo } from "./kernel-info.js";
import { completionInCodePoints, toUtf16 } from "./positions.js";
import type { Session } from "./session.js";

/** Answers requests of front ends; it never blocks, whatever the cells do. */
export class Front {
  private readonly activity: Activity;
  private readonly cells: Cells;
  private readonly history = new History();

  /** @param onFailure receives the reason if no session can be started; the front is then unusable */
  constructor(
    private readonly wire: Wire,
    private readonly session: Session,
    onFailure: (reason: string) => void,
  ) {
    this.activity = new Activity(wire);
    this.cells = new Cells(wire, this.activity, session, this.history);
    session.listen({
      onMessage: (message) => this.cells.onMessage(message),
      onNativeOutput: (name, text) => this.cells.onNativeOutput(name, text),
      onEnd: (end) => this.cells.onSessionEnd(end),
      onFailure,
    });
  }

  /** Answers requests until a request or {@link close} closes the front. */
  async serve(): Promise<void> {
    this.wire.publish("status", { execution_state: "starting" });
    await this.wire.listen((request) => void this.handle(request));
  }

  /** Stops the running cell and drops the queued ones. */
  interrupt(): void {
    this.cells.interrupt();
  }

  /** Ends the session and closes the wire. */
  async close(): Promise<void> {
    await this.session.close();
    await this.wire.close();
  }

  private async handle(request: Request): Promise<void> {
    const type = request.header.msg_type;
    if (type === "execute_request") return this.cells.add(request);
    if (type === "input_reply") return this.cells.onInput(request);
    await this.activity.answer(request, () => this.reply(request));
    if (type === "shutdown_request") await this.wire.close();
  }

  /** Returns the content of the reply to a request; undefined for a message that expects none. */
  private reply(request: Request): Content | undefined | Promise<Content> {
    const type = request.header.msg_type;
    switch (type) {
      case "kernel_info_request":
        return kernelInfo;
      case "complete_request":
        return this.complete(request);
      case "inspect_request":
        return this.inspect(request);
      case "is_complete_request":
        return this.session.ask({ kind: "is_complete", ...contentOf(request, contents.is_complete) });
      case "history_request":
        return this.history.reply(contentOf(request, contents.history));
      case "comm_info_request":
        return { status: "ok", comms: {} };
      case "comm_open":
        // This kernel has no comm targets; this is how the protocol says so.
        this.wire.publish("comm_close", { comm_id: contentOf(request, contents.comm_open).comm_id, data: {} }, request);
        return undefined;
      case "interrupt_request":
        this.interrupt();
        return { status: "ok" };
      case "shutdown_request":
        return this.shutdown(request);
      default:
        if (!type.endsWith("_request")) return undefined;
        throw new UnsupportedRequest(`this kernel does not know ${type}`);
    }
  }

  private async complete(request: Request): Promise<Content> {
    const { code, cursor_pos } = contentOf(request, contents.complete);
    return completionInCodePoints(
      code,
      await this.session.ask({ kind: "complete", code, position: toUtf16(code, cursor_pos) }),
    );
  }

  private inspect(request: Request): Promise<Content> {
    const { code, cursor_pos } = contentOf(request, contents.inspect);
    return this.session.ask({ kind: "inspect", code, position: toUtf16(code, cursor_pos) });
  }

  private async shutdown(request: Request): Promise<Content> {
    const content = { status: "ok", ...contentOf(request, contents.shutdown) };
    await this.session.close();
    this.wire.publish("shutdown_reply", content, request);
    return content;
  }
}
