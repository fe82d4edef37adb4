import assert from "node:assert/strict";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { Cluster } from "../../../src/run/ray/cluster.js";
import { resolveRaySettings, type RaySettings } from "../../../src/run/ray/settings.js";
import { emptyFolder } from "../../support/folder.js";
import { RayServer, type Entrypoint } from "../../support/ray-server.js";
import { plenty } from "../../support/ray-worker.js";

/** Connects to a cluster with the given deviations. */
async function connect(
  test: TestContext,
  has: Partial<typeof plenty> = {},
  own: Partial<RaySettings> = {},
  change: (server: RayServer) => void = () => {},
  storageThere?: string,
) {
  const storage = emptyFolder(test);
  const server = await RayServer.start(test, async ({ stage }: Entrypoint) => {
    writeFileSync(
      join(storageThere ?? storage, stage, "result.json"),
      JSON.stringify({ ...plenty, nonce: stage.replace("check-", ""), ...has }),
    );
  });
  change(server);
  try {
    await Cluster.connect(resolveRaySettings({ address: server.address, storage, patience: 0, ...own }), {});
  } finally {
    assert.deepEqual(readdirSync(storage), []);
  }
  return server;
}

describe("the check of a cluster", () => {
  it("accepts a suitable cluster with any build of torch", async (test) => {
    const server = await connect(
      test,
      { versions: { ...plenty.versions, torch: `${plenty.versions["torch"]}+cu130` }, resources: { CPU: 2, GPU: 2 } },
      { workers: 2, gpus: 1, clusterStorage: "/mnt/it's here" },
    );
    assert.equal(server.jobs.size, 1);
    assert.match(
      [...server.jobs.values()][0]!.entrypoint,
      /^python -m sera_cluster check '\/mnt\/it'\\''s here' check-\S+ --workers 2 --gpus 1$/,
    );
  });

  it("refuses an address without an accessible job server of Ray", async (test) => {
    const server = await RayServer.start(test, async () => {});
    const settings = resolveRaySettings({ address: server.address, storage: emptyFolder(test) });
    await server.stop();
    const begin = performance.now();
    await assert.rejects(
      Cluster.connect(settings, {}),
      /^InputError: http:\/\/127\.0\.0\.1:\d+: no job server of Ray answers \(ECONNREFUSED\)/,
    );
    assert.ok(performance.now() - begin < 30_000);
    await server.listen();
    server.instead = (response) => void response.writeHead(200).end("<html>");
    await assert.rejects(Cluster.connect(settings, {}), /the answer is not one of Ray's job server/);
    server.instead = (response) => void response.writeHead(401).end("Unauthorized: no token");
    await assert.rejects(Cluster.connect(settings, {}), /refused with 401: "Unauthorized: no token"/);
  });

  it("refuses other versions of Ray, its packages or the protocol", async (test) => {
    await assert.rejects(
      connect(test, {}, {}, (server) => void (server.version = "2.9.3")),
      /found ray 2\.9\.3, expected 2\.60\.0/,
    );
    await assert.rejects(
      connect(test, { versions: { ...plenty.versions, trl: "0.9.0" } }),
      /found trl 0\.9\.0, expected/,
    );
    await assert.rejects(
      connect(test, { versions: { ...plenty.versions, peft: null } }),
      /peft is not installed, expected 0/,
    );
    await assert.rejects(connect(test, { protocol: 7 }), /speaks protocol 7/);
  });

  it("refuses a cluster with too few GPUs or CPUs", async (test) => {
    await assert.rejects(
      connect(test, { resources: { CPU: 8, GPU: 4 } }, { workers: 8, gpus: 1 }),
      /found 4 GPUs, expected 8 for 8 workers of 1/,
    );
    await assert.rejects(
      connect(test, { resources: { CPU: 1 } }, { workers: 2 }),
      /found 1 CPUs, expected one for each of 2 workers/,
    );
  });

  it("refuses a storage folder that is not shared in both directions", async (test) => {
    await assert.rejects(connect(test, { nonce: "of another folder" }), /the cluster reads something else/);
    await assert.rejects(
      connect(test, {}, {}, () => {}, emptyFolder(test)),
      /the job sera-check-\S+ failed[^]*ENOENT/,
    );
  });
});
