import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";
import { freePorts } from "../../src/base/free-ports.js";

test("freePorts returns distinct free ports below those that the system assigns to connections", async (context) => {
  const ports = await freePorts(20);
  assert.equal(new Set(ports).size, 20);
  const servers = await Promise.all(
    ports.map(
      (port) =>
        new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
          const server = createServer().once("error", reject);
          server.listen(port, "127.0.0.1", () => resolve(server));
        }),
    ),
  );
  // Also if the test fails, because a listening server keeps the process alive.
  context.after(() => Promise.all(servers.map((server) => new Promise((closed) => server.close(closed)))));
  assert.ok(ports.every((port) => port < 32_768));
  // While they are taken, others are found.
  assert.ok((await freePorts(20)).every((port) => !ports.includes(port)));
});
