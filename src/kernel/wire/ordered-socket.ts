import type { Publisher, Router } from "zeromq";

/** Sends messages one at a time, because a ZeroMQ socket accepts a message only after it has accepted the previous one. */
export class OrderedSocket<Socket extends Publisher | Router> {
  private sent: Promise<void> = Promise.resolve();

  constructor(readonly socket: Socket) {}

  send(frames: Uint8Array[]): void {
    this.sent = this.sent
      .then(() => this.socket.send(frames))
      .catch((error: Error) => {
        console.error(`sera kernel: a message could not be sent: ${error.message}`);
      });
  }

  /** Closes the socket after sending everything. */
  async close(): Promise<void> {
    await this.sent;
    this.socket.close();
  }
}
