import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Dealer, Request, Subscriber } from "zeromq";
import { freePorts } from "../../src/base/free-ports.js";
import type { Exit } from "../../src/kernel/front/session-end.js";
import { decode, encode } from "../../src/kernel/wire/codec.js";
import type { Content, Header, Message } from "../../src/kernel/wire/message.js";
import type { Channel } from "../../src/kernel/wire/wire.js";

/** The kernel of this build. */
const ownProgram = resolve("dist/src/kernel/main.js");

/** A message as tests read it; its content is whatever the kernel sent. */
export type Received = Omit<Message, "content" | "parent"> & { readonly content: any; readonly parent: Header };

/** Everything that one request produced. */
export class Answer {
  constructor(
    readonly reply: Received,
    /** Messages published under the request, in order, up to its idle status. */
    readonly published: readonly Received[],
  ) {}

  /** The outputs that a notebook keeps below the cell. */
  get outputs(): Received[] {
    return this.published.filter(({ header }) =>
      ["stream", "display_data", "update_display_data", "execute_result", "error"].includes(header.msg_type),
    );
  }

  get input(): any {
    return this.contentOf("execute_input");
  }

  get result(): any {
    return this.contentOf("execute_result");
  }

  get error(): any {
    return this.contentOf("error");
  }

  /** All text written to a stream. */
  text(name: "stdout" | "stderr" = "stdout"): string {
    return textOf(this.published, name);
  }

  private contentOf(type: string): any {
    return this.published.find(({ header }) => header.msg_type === type)?.content;
  }
}

/** All text that the messages report as written to a stream. */
export function textOf(messages: readonly Received[], name: "stdout" | "stderr" = "stdout"): string {
  return messages
    .filter(({ header, content }) => header.msg_type === "stream" && content.name === name)
    .map(({ content }) => content.text as string)
    .join("");
}

/** The fields of a connection file. */
type ConnectionFile = { readonly ip: string; readonly transport: string; readonly key: string } & Readonly<
  Record<`${string}_port`, number>
>;

interface StartOptions {
  /** The notebook's folder. */
  readonly cwd?: string;
  /** Added to this process's environment. */
  readonly env?: NodeJS.ProcessEnv;
  readonly transport?: "tcp" | "ipc";
  /** Signature key; `""` for none. */
  readonly key?: string;
  /** The kernel's program. Default: this build's. */
  readonly program?: string;
}

/** Starts a kernel as Jupyter does and waits until it answers. Call {@link Kernel.stop} at the end. */
export async function startKernel(options: StartOptions = {}): Promise<Kernel> {
  const folder = mkdtempSync(join(tmpdir(), "sera-kernel-"));
  const { transport = "tcp", key = "a key" } = options;
  const ports = transport === "tcp" ? await freePorts(5) : [1, 2, 3, 4, 5];
  const [shell_port, control_port, stdin_port, iopub_port, hb_port] = ports as [number, number, number, number, number];
  const ip = transport === "tcp" ? "127.0.0.1" : join(folder, "socket");
  const connection = {
    transport,
    ip,
    shell_port,
    control_port,
    stdin_port,
    iopub_port,
    hb_port,
    key,
    signature_scheme: "hmac-sha256",
  };
  const kernel = new Kernel(
    folder,
    connection,
    { cwd: options.cwd ?? folder, env: { ...process.env, ...options.env } },
    options.program ?? ownProgram,
  );
  try {
    await kernel.answers();
  } catch (error) {
    await kernel.stop();
    throw error;
  }
  return kernel;
}

/** A front end: sends requests to a kernel and receives what it publishes. */
export class Client {
  /** Everything published so far. */
  readonly iopub: Received[] = [];
  private readonly session = randomUUID();
  private readonly channels: Readonly<Record<Channel, Dealer>>;
  private readonly subscriber = new Subscriber({ receiveHighWaterMark: 0 });
  private readonly replies = new Map<string, Received>();
  private readonly questions = new Map<string, Received>();
  private readonly sent: Record<Channel, Promise<void>> = {
    shell: Promise.resolve(),
    control: Promise.resolve(),
    stdin: Promise.resolve(),
  };
  private readonly waiting = new Set<() => void>();

  constructor(protected readonly connection: ConnectionFile) {
    const dealer = (name: Channel) => {
      const socket = new Dealer({ linger: 0, routingId: this.session });
      socket.connect(this.address(`${name}_port`));
      return socket;
    };
    this.channels = { shell: dealer("shell"), control: dealer("control"), stdin: dealer("stdin") };
    this.subscriber.subscribe();
    this.subscriber.connect(this.address("iopub_port"));
    for (const [name, socket] of Object.entries(this.channels)) {
      const heard = name === "stdin" ? this.questions : this.replies;
      void this.receive(socket, (message) => heard.set(message.parent.msg_id, message));
    }
    void this.receive(this.subscriber, (message) => this.iopub.push(message));
  }

  /** Waits until the kernel answers and its published messages arrive. */
  async answers(): Promise<void> {
    const sent: string[] = [];
    const asking = setInterval(() => sent.push(this.send("kernel_info_request", {})), 200);
    try {
      await this.until(
        () => sent.some((id) => this.replies.has(id) && this.idle(id) >= 0),
        "the kernel's first answer",
      );
    } finally {
      clearInterval(asking);
    }
  }

  /** Sends a message and returns its id, without waiting. */
  send(type: string, content: Content, channel: Channel = "shell"): string {
    const header = {
      msg_id: randomUUID(),
      msg_type: type,
      session: this.session,
      username: "test",
      date: new Date().toISOString(),
      version: "5.3",
    };
    this.sendFrames(
      encode({ identities: [], header, parent: {}, metadata: {}, content, buffers: [] }, this.connection.key),
      channel,
    );
    return header.msg_id;
  }

  /** Sends raw frames. */
  sendFrames(frames: readonly Uint8Array[], channel: Channel = "shell"): void {
    this.sent[channel] = this.sent[channel].then(() => this.channels[channel].send([...frames]));
  }

  /** Waits for the reply and the idle status of a request that was sent. */
  async answer(id: string, seconds = 60): Promise<Answer> {
    await this.until(() => this.replies.has(id) && this.idle(id) >= 0, `the answer to ${id}`, seconds);
    const upToIdle = this.iopub.slice(0, this.idle(id) + 1);
    return new Answer(
      this.replies.get(id)!,
      upToIdle.filter(({ parent }) => parent.msg_id === id),
    );
  }

  /** Sends a request and waits for its reply and its idle status. */
  request(type: string, content: Content = {}, channel: Channel = "shell"): Promise<Answer> {
    return this.answer(this.send(type, content, channel));
  }

  /** Sends a cell without waiting for it; returns the request's id. */
  start(code: string, options: Content = {}): string {
    return this.send("execute_request", {
      code,
      silent: false,
      store_history: true,
      user_expressions: {},
      allow_stdin: false,
      ...options,
    });
  }

  /** Runs a cell to its end. */
  execute(code: string, options: Content = {}): Promise<Answer> {
    return this.answer(this.start(code, options));
  }

  /** Waits until a cell asks the user for input, and returns the content of its request. */
  async asked(id: string): Promise<any> {
    await this.until(() => this.questions.has(id), "a question to the user");
    return this.questions.get(id)!.content;
  }

  /** Everything published under a request so far, even after its idle status. */
  publishedUnder(id: string): Received[] {
    return this.iopub.filter(({ parent }) => parent.msg_id === id);
  }

  /** Waits until a cell that was sent has written a text to stdout. */
  async untilWritten(id: string, text: string): Promise<void> {
    await this.until(() => textOf(this.publishedUnder(id)).includes(text), `"${text}" on stdout`);
  }

  /** Waits until a condition holds, checked after each message and ten times a second. */
  async until(holds: () => boolean, what: string, seconds = 60): Promise<void> {
    const end = performance.now() + seconds * 1000;
    while (!holds()) {
      if (performance.now() > end) throw new Error(`${what} has not come in ${seconds} s${this.trouble()}`);
      await new Promise<void>((done) => {
        const timer = setTimeout(done, 100);
        this.waiting.add(() => (clearTimeout(timer), done()));
      });
    }
  }

  /** Sends bytes to the heartbeat and returns what comes back. */
  async heartbeat(bytes: Uint8Array): Promise<Uint8Array> {
    const socket = new Request({ linger: 0, receiveTimeout: 5000 });
    socket.connect(this.address("hb_port"));
    await socket.send(bytes);
    const [echo] = await socket.receive();
    socket.close();
    return echo!;
  }

  disconnect(): void {
    for (const socket of [...Object.values(this.channels), this.subscriber]) socket.close();
  }

  /** Details that may explain why a message has not come. */
  protected trouble(): string {
    return "";
  }

  private address(port: `${string}_port`): string {
    const { transport, ip } = this.connection;
    return transport === "tcp" ? `tcp://${ip}:${this.connection[port]}` : `ipc://${ip}-${this.connection[port]}`;
  }

  /** Index of a request's idle status among the published messages; −1 if there is none yet. */
  private idle(id: string): number {
    return this.iopub.findLastIndex(
      ({ parent, content }) => parent.msg_id === id && content.execution_state === "idle",
    );
  }

  private async receive(socket: Dealer | Subscriber, take: (message: Received) => void): Promise<void> {
    for await (const frames of socket) {
      take(decode(frames, this.connection.key) as Received);
      for (const wake of this.waiting) wake();
      this.waiting.clear();
    }
  }
}

/** A kernel process and the front end that started it. */
export class Kernel extends Client {
  /** What the kernel process has written to its stderr. */
  stderr = "";
  process!: ChildProcess;
  exited!: Promise<Exit>;

  /** @param folder the connection file's folder, removed at the end */
  constructor(
    private readonly folder: string,
    connection: ConnectionFile,
    private readonly spawnOptions: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
    private readonly program: string,
  ) {
    super(connection);
    writeFileSync(join(folder, "connection.json"), JSON.stringify(connection));
    this.spawn();
  }

  /** Connects a second front end to the same kernel; call {@link Client.disconnect} at the end. */
  async connectAnother(): Promise<Client> {
    const client = new Client(this.connection);
    await client.answers();
    return client;
  }

  /** Sends the kernel process a signal, as Jupyter does to interrupt it. */
  signal(name: NodeJS.Signals): void {
    this.process.kill(name);
  }

  /** Shuts the kernel down and starts it again with the same connection file, as Jupyter does to restart it. */
  async restart(): Promise<Answer> {
    const answer = await this.shutdown(true);
    this.spawn();
    await this.answers();
    return answer;
  }

  /** Requests a shutdown and waits until the kernel has ended. */
  async shutdown(restart = false): Promise<Answer> {
    const answer = await this.request("shutdown_request", { restart }, "control");
    await this.exited;
    return answer;
  }

  /** Ends the kernel, if it is still running, and the front end. */
  async stop(): Promise<void> {
    this.process.kill("SIGKILL");
    await this.exited;
    this.disconnect();
    rmSync(this.folder, { recursive: true, force: true });
  }

  protected override trouble(): string {
    return `; the kernel's exit code is ${this.process.exitCode}, its stderr:\n${this.stderr}`;
  }

  private spawn(): void {
    const args = ["--enable-source-maps", this.program, join(this.folder, "connection.json")];
    const child = spawn(process.execPath, args, { ...this.spawnOptions, stdio: ["ignore", "inherit", "pipe"] });
    child.stderr.setEncoding("utf8").on("data", (text: string) => (this.stderr += text));
    this.process = child;
    this.exited = new Promise((resolve) => child.on("close", (code, signal) => resolve({ code, signal })));
  }
}
