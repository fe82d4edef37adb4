import type { Publisher, Router } from "zeromq";

/** Sends one message after the other, since a ZeroMQ socket takes a second only when it has taken the first. */
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

  /** Closes the socket once all is sent. */
  async close(): Promise<void> {
    await this.sent;
    this.socket.close();
  }
}
