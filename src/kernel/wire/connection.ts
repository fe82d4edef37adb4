import { z } from "zod";
import { parseJson, readText } from "../../base/read-json.js";

const port = z.number().int().min(1).max(65_535);

const schema = z.object({
  transport: z.enum(["tcp", "ipc"]).default("tcp"),
  ip: z.string().min(1),
  shell_port: port,
  control_port: port,
  stdin_port: port,
  iopub_port: port,
  hb_port: port,
  key: z.string(),
  signature_scheme: z
    .string()
    .regex(/^hmac-sha256$/, 'expected "hmac-sha256"')
    .default("hmac-sha256"),
});

/** Addresses where a kernel listens, and the key that signs its messages; without a key (`""`), they are not signed. */
export type Connection = z.infer<typeof schema>;

/**
 * Reads the connection file, in which Jupyter tells a kernel where to listen.
 *
 * @throws InputError if the file does not exist or a field is invalid
 */
export async function readConnection(path: string): Promise<Connection> {
  return parseJson(await readText(path, "the connection file that Jupyter writes for a kernel"), schema, path);
}

/** The address of one socket: for `ipc`, `ip` is a file path and the port its suffix. */
export function addressOf({ transport, ip }: Connection, port: number): string {
  return transport === "tcp" ? `tcp://${ip}:${port}` : `ipc://${ip}-${port}`;
}
