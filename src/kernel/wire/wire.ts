import { randomUUID } from "node:crypto";
import { Publisher, Reply, Router } from "zeromq";
import { inputError } from "../../base/errors.js";
import { decode, encode, WireError } from "./codec.js";
import { addressOf, type Connection } from "./connection.js";
import type { Content, Message } from "./message.js";
import { OrderedSocket } from "./ordered-socket.js";

/** Channels of requests and their replies; `stdin` carries questions to the user and the answers. */
export type Channel = "shell" | "control" | "stdin";

/** A request and its channel. */
export interface Request extends Message {
  readonly channel: Channel;
}

/** Protocol version; features of later versions are not supported. */
export const protocolVersion = "5.3";

/** Milliseconds that the system may take to deliver the last messages after the sockets are closed. */
const linger = 1000;

/**
 * A kernel's five sockets. Unreadable messages are dropped with a line on stderr; sent messages are never dropped.
 */
export class Wire {
  /** Identifies this kernel process in the headers of all messages it sends. */
  private readonly session = randomUUID();
  private readonly requesters: Readonly<Record<Channel, OrderedSocket<Router>>>;
  private readonly iopub = new OrderedSocket(new Publisher({ sendHighWaterMark: 0, linger }));
  private readonly heartbeat = new Reply();

  private constructor(private readonly key: string) {
    // A front end that reconnects under the same name replaces its old connection.
    const router = () => new OrderedSocket(new Router({ sendHighWaterMark: 0, linger, handover: true }));
    this.requesters = { shell: router(), control: router(), stdin: router() };
  }

  /**
   * Listens at the addresses of a connection.
   *
   * @param path path of the connection file, for the error
   * @throws InputError if an address is not available
   */
  static async bind(connection: Connection, path: string): Promise<Wire> {
    const wire = new Wire(connection.key);
    const sockets = {
      shell_port: wire.requesters.shell.socket,
      control_port: wire.requesters.control.socket,
      stdin_port: wire.requesters.stdin.socket,
      iopub_port: wire.iopub.socket,
      hb_port: wire.heartbeat,
    };
    for (const [field, socket] of Object.entries(sockets)) {
      const port = connection[field as keyof typeof sockets];
      const address = addressOf(connection, port);
      await socket.bind(address).catch((error: Error) => {
        throw inputError(
          { file: path },
          `${field} = ${port}, where ${address} cannot be listened to (${error.message})`,
          "a free address",
          error,
        );
      });
    }
    return wire;
  }

  /** Answers heartbeats and passes on requests until the wire is closed. */
  async listen(onRequest: (request: Request) => void): Promise<void> {
    const receive = async (channel: Channel) => {
      for await (const frames of this.requesters[channel].socket) {
        const message = this.read(frames, channel);
        if (message) onRequest({ ...message, channel });
      }
    };
    const echo = async () => {
      for await (const frames of this.heartbeat) await this.heartbeat.send(frames);
    };
    await Promise.all([receive("shell"), receive("control"), receive("stdin"), echo()]);
  }

  /** Answers a request. */
  reply(request: Request, type: string, content: Content): void {
    this.requesters[request.channel].send(this.write(request.identities, type, content, request));
  }

  /** Asks the sender of a request for a line of text. */
  ask(request: Request, prompt: string): void {
    this.requesters.stdin.send(this.write(request.identities, "input_request", { prompt, password: false }, request));
  }

  /** Publishes a result of a request to all front ends. */
  publish(type: string, content: Content, request?: Request): void {
    this.iopub.send(this.write([Buffer.from(type)], type, content, request));
  }

  /** Closes the sockets after sending everything. */
  async close(): Promise<void> {
    await Promise.all([...Object.values(this.requesters), this.iopub].map((socket) => socket.close()));
    this.heartbeat.close();
  }

  private read(frames: readonly Uint8Array[], channel: Channel): Message | undefined {
    try {
      return decode(frames, this.key);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      console.error(`sera kernel: a message on ${channel} is ignored: ${error.message}`);
      return undefined;
    }
  }

  private write(identities: readonly Uint8Array[], type: string, content: Content, request?: Request): Uint8Array[] {
    const header = {
      msg_id: randomUUID(),
      msg_type: type,
      session: this.session,
      username: "kernel",
      date: new Date().toISOString(),
      version: protocolVersion,
    };
    return encode({ identities, header, parent: request?.header ?? {}, metadata: {}, content, buffers: [] }, this.key);
  }
}
