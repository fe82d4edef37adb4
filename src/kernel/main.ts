import { InputError } from "../base/errors.js";
import { Session } from "./front/session.js";
import type { Wire } from "./wire/wire.js";

/*
 * The kernel's process: `node main.js <connection file>`, started by Jupyter. Exits with code 0 if asked to end, 1 if
 * it could not start.
 */

const [path] = process.argv.slice(2);
if (path === undefined)
  fail("no connection file given; Jupyter starts a kernel with the path of the one that it writes");
// Starting the session takes longest, so start it before loading the front's own modules.
const session = new Session();
const { Front } = await import("./front/front.js");
const front = new Front(await bind(path), session, fail);
process.on("SIGINT", () => front.interrupt());
process.on("SIGTERM", () => void front.close());
await front.serve();
process.exit(0);

async function bind(path: string): Promise<Wire> {
  const [{ Wire }, { readConnection }] = await Promise.all([import("./wire/wire.js"), import("./wire/connection.js")]);
  try {
    return await Wire.bind(await readConnection(path), path);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return fail(error.message);
  }
}

function fail(reason: string): never {
  console.error(`sera kernel: ${reason}`);
  process.exit(1);
}
