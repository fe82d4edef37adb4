import { createServer, type Server } from "node:net";

/**
 * Ports below those that systems give to connections (from 32768 on Linux, from 49152 elsewhere), and above those that Ray gives to
 * its workers (10002 to 19999).
 */
const [lowest, highest] = [20_000, 32_000];

/** Ports that are tried for each that is wanted, before all are taken to be in use. */
const tries = 100;

/**
 * Local ports that nobody listens on, all different. Until they are listened on, another process may take them, but no connection
 * can: one that tries to reach a port before its server is there would otherwise be given that port now and then.
 *
 * @throws Error if almost every port is taken
 */
export async function freePorts(count: number): Promise<readonly number[]> {
  const held: { port: number; server: Server }[] = [];
  try {
    for (let left = tries * count; held.length < count; left--) {
      if (left === 0) throw new Error(`no ${count} free ports between ${lowest} and ${highest} on 127.0.0.1`);
      const port = lowest + Math.floor(Math.random() * (highest - lowest));
      const server = await listening(port);
      if (server) held.push({ port, server });
    }
    return held.map(({ port }) => port);
  } finally {
    await Promise.all(held.map(({ server }) => new Promise((closed) => server.close(closed))));
  }
}

/** A server on this port; undefined if it is taken. */
function listening(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer().once("error", () => resolve(undefined));
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}
