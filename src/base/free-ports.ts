import { createServer, type Server } from "node:net";

/**
 * Ports below those that systems assign to connections (from 32768 on Linux, from 49152 elsewhere), and above those
 * that Ray assigns to its workers (10002 to 19999).
 */
const [lowest, highest] = [20_000, 32_000];

/** Number of ports to try per requested port before assuming that all are in use. */
const tries = 100;

/**
 * Finds distinct local ports that nobody listens on. Another process may still take them, but a connection cannot:
 * outside this range, a client that connects before its server has started would occasionally be assigned that very
 * port.
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

/** Starts a server on this port; undefined if it is taken. */
function listening(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer().once("error", () => resolve(undefined));
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}
