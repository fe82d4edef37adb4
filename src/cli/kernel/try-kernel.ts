import { spawn, type ChildProcess } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Dealer, Subscriber } from "zeromq";
import { writeJson } from "../../base/files.js";
import { freePorts } from "../../base/free-ports.js";
import { kernelProgram } from "../../kernel/install/spec.js";
import { decode, encode } from "../../kernel/wire/codec.js";
import { addressOf, type Connection } from "../../kernel/wire/connection.js";
import { protocolVersion } from "../../kernel/wire/wire.js";

/** Seconds that the kernel may take to start and to run the cell. */
const limit = 30;

/** Milliseconds between checks whether the kernel responds. */
const interval = 100;

/**
 * Starts a kernel as a front end does, runs a cell in it, and ends it.
 *
 * @returns the text of the cell's last expression; undefined if it has none
 * @throws Error with the reason, if the kernel does not start or the cell fails
 */
export async function tryKernel(code: string): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), "sera-doctor-"));
  const connection = await freeConnection();
  const file = join(folder, "connection.json");
  await writeJson(file, connection);
  const kernel = spawn(process.execPath, [kernelProgram, file], { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  const shell = new Dealer({ linger: 0 });
  const iopub = new Subscriber({ linger: 0 });
  try {
    shell.connect(addressOf(connection, connection.shell_port));
    iopub.connect(addressOf(connection, connection.iopub_port));
    iopub.subscribe();
    return await Promise.race([resultOf(code, shell, iopub, connection.key), failureOf(kernel)]);
  } finally {
    shell.close();
    iopub.close();
    kernel.kill();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The published result of a cell, which runs as soon as the kernel's published messages arrive. */
async function resultOf(code: string, shell: Dealer, iopub: Subscriber, key: string): Promise<string | undefined> {
  const session = randomUUID();
  const send = (msg_type: string, content: Readonly<Record<string, unknown>>) => {
    const header = {
      msg_id: randomUUID(),
      msg_type,
      session,
      username: "doctor",
      date: new Date().toISOString(),
      version: protocolVersion,
    };
    return shell.send(encode({ identities: [], header, parent: {}, metadata: {}, content, buffers: [] }, key));
  };
  const asking = setInterval(() => void send("kernel_info_request", {}).catch(() => {}), interval);
  let asked = false;
  let result: string | undefined;
  try {
    for await (const frames of iopub) {
      const { header, parent, content } = decode(frames, key);
      clearInterval(asking);
      if (!asked) await send("execute_request", { code, silent: false, store_history: false, allow_stdin: false });
      asked = true;
      if (parent.msg_type !== "execute_request") continue;
      if (header.msg_type === "error") throw new Error(`${content.ename}: ${content.evalue}`);
      if (header.msg_type === "execute_result") result = (content.data as Record<string, string>)["text/plain"];
      if (content.execution_state === "idle") break;
    }
    return result;
  } finally {
    clearInterval(asking);
  }
}

/** Rejects when the kernel has ended or has taken too long. */
function failureOf(kernel: ChildProcess): Promise<never> {
  let stderr = "";
  kernel.stderr!.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  return new Promise((_, reject) => {
    const late = setTimeout(() => reject(new Error(`no answer in ${limit} s`)), limit * 1000);
    kernel.on("close", (code, signal) => {
      clearTimeout(late);
      reject(new Error(stderr.trim() || `it ended (${signal ?? `exit code ${code}`})`));
    });
  });
}

async function freeConnection(): Promise<Connection> {
  const ip = "127.0.0.1";
  const [shell_port, control_port, stdin_port, iopub_port, hb_port] = await freePorts(5);
  const ports = { shell_port, control_port, stdin_port, iopub_port, hb_port } as Pick<
    Connection,
    `${string}_port` & keyof Connection
  >;
  return { transport: "tcp", ip, ...ports, key: randomUUID(), signature_scheme: "hmac-sha256" };
}
