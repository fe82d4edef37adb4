import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import type { ServerResponse } from "node:http";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import type { TaskOptions } from "../../src/base/task.js";
import { openRepository } from "../../src/hub/repository.js";
import { commitFor, cutAfter, digestOf, give, HubServer, status } from "../support/hub-server.js";

const path = "model.safetensors";
/** Larger than what a connection holds back, so that a reader sees its beginning before its end. */
const content = Buffer.concat(Array.from({ length: 40_000 }, (_, i) => createHash("sha256").update(`${i}`).digest()));
const held = { revisions: { main: { [path]: content, "config.json": "{}" } } };
const digest = digestOf(path, content);

async function download(work: TaskOptions = {}, wanted = path): Promise<string> {
  const repository = await openRepository({ type: "model", name: "org/name", revision: "main" }, work.signal);
  for await (const found of repository.download([wanted], work)) return found;
  throw new Error("nothing was downloaded");
}

const blobsOf = (hub: HubServer) => join(hub.cache, "models--org--name/blobs");
const resolved = (hub: HubServer) => hub.asked.filter(({ path, host }) => path.includes("/resolve/") && host === "cdn");
const rangesOf = (hub: HubServer) => resolved(hub).map(({ range }) => range);

/** Leaves the beginning of the file under a name, as a download that ended would. */
function leave(hub: HubServer, name: string, bytes: Uint8Array): string {
  mkdirSync(blobsOf(hub), { recursive: true });
  const file = join(blobsOf(hub), name);
  writeFileSync(file, bytes);
  return file;
}

async function assertWhole(hub: HubServer, found: string): Promise<void> {
  assert.ok(readFileSync(found).equals(content));
  assert.deepEqual(readdirSync(blobsOf(hub)), [digest], "and nothing else is left");
}

describe("a download that fails on the way", () => {
  test("goes on where the connection was cut, as often as something came", async (t) => {
    const hub = await HubServer.start(t, { "org/name": held });
    let begun: ServerResponse | undefined;
    hub.fail("/cdn/", 7, (response, whole, { range }) => {
      const from = Number(/\d+/.exec(range ?? "0")![0]);
      const place = { "content-range": `bytes ${from}-${whole!.length - 1}/${whole!.length}` };
      response.writeHead(range ? 206 : 200, range ? place : {});
      response.write(whole!.subarray(from, from + 100_000));
      begun = response;
    });
    // Cut only when all of it has come, so that each start is known.
    const onProgress = (done: number) => void (done % 100_000 === 0 && begun?.destroy());
    await assertWhole(hub, await download({ onProgress }));
    assert.equal(resolved(hub).length, 8);
    assert.equal(rangesOf(hub)[0], undefined);
    const starts = rangesOf(hub)
      .slice(1)
      .map((range) => Number(/^bytes=(\d+)-$/.exec(range!)![1]));
    assert.deepEqual(
      starts,
      [1, 2, 3, 4, 5, 6, 7].map((i) => i * 100_000),
    );
  });

  test("begins again where the hub gives no ranges", async (t) => {
    const hub = await HubServer.start(t, { "org/name": held });
    hub.fail("/cdn/", 1, cutAfter(100_000));
    hub.fail("/cdn/", 1, (response, whole) => give(response, whole!, {}));
    await assertWhole(hub, await download());
  });

  for (const [code, headers] of [
    [429, { "retry-after": "0" }],
    [429, { ratelimit: '"resolvers";r=0;t=0' }],
    [500, {}],
    [502, {}],
    [503, { "retry-after": "0" }],
  ] as const) {
    test(`status ${code}, ${JSON.stringify(headers)}: tries again, on the hub and where it leads`, async (t) => {
      const hub = await HubServer.start(t, { "org/name": held });
      for (const place of ["/revision/", "/cdn/"]) hub.fail(place, 1, status(code, headers));
      await assertWhole(hub, await download());
    });
  }

  test("tries no more than five times, and not where the hub asks for a long wait", async (t) => {
    const hub = await HubServer.start(t, { "org/name": held });
    hub.fail("/revision/", 9, status(503, { "retry-after": "0" }));
    await assert.rejects(download(), {
      message: `org/name: server error of ${hub.endpoint} (status 503); try again in 0 s`,
    });
    assert.equal(hub.asked.length, 5);
    hub.faults.length = 0;
    hub.fail("/revision/", 1, status(429, { "retry-after": "3600" }));
    await assert.rejects(download(), {
      message:
        "org/name: rate limit of the hub reached (status 429); try again in 3600 s; the hub allows more requests with a token (HF_TOKEN)",
    });
    assert.equal(hub.asked.length, 6);
  });

  test("an answer of the hub that breaks off is asked for again", async (t) => {
    const hub = await HubServer.start(t, { "org/name": held });
    hub.fail("/tree/", 1, (response) => {
      response.writeHead(200, { "content-length": 1000 });
      response.write("[", () => response.destroy());
    });
    await assertWhole(hub, await download());
  });

  test("a wrong length is told", async (t) => {
    const hub = await HubServer.start(t, { "org/name": held });
    const wrong = async (found: RegExp, give: Parameters<HubServer["fail"]>[2]) => {
      hub.fail("/cdn/", 1, give);
      await assert.rejects(download(), { name: "InputError", message: found });
    };
    await wrong(
      /^org\/name\/model.safetensors: the server announced 10 bytes, but the hub lists 1280000$/,
      (response) => give(response, content.subarray(0, 10), {}),
    );
    await wrong(/the server sent more than the 1280000 bytes that the hub lists/, (response) =>
      response.writeHead(200).end(Buffer.concat([content, content])),
    );
    assert.ok(!existsSync(join(blobsOf(hub), digest)));
    await assertWhole(hub, await download());
  });

  test("a range that was not asked for is not taken", async (t) => {
    const hub = await HubServer.start(t, { "org/name": held });
    hub.fail("/cdn/", 1, cutAfter(100_000));
    hub.fail("/cdn/", 1, (response) =>
      response
        .writeHead(206, { "content-range": `bytes 5-${content.length - 1}/${content.length}` })
        .end(content.subarray(5)),
    );
    await assert.rejects(download(), /the server sent another range than the bytes from \d+/);
  });

  test("a wrong content is thrown away and said, also of a small file", async (t) => {
    const hub = await HubServer.start(t, { "org/name": held });
    hub.fail("/cdn/", 1, (response) => give(response, Buffer.alloc(content.length), {}));
    await assert.rejects(
      download(),
      new RegExp(
        `model.safetensors: the downloaded content has the digest [0-9a-f]{64}, but the hub lists ${digest}; it was discarded, try again$`,
      ),
    );
    hub.fail("/config.json", 1, (response) => give(response, Buffer.from("[]"), {}));
    await assert.rejects(
      download({}, "config.json"),
      /config.json: the downloaded content has the digest [0-9a-f]{40}, but the hub lists/,
    );
    assert.deepEqual(readdirSync(blobsOf(hub)), []);
    await assertWhole(hub, await download());
  });

  test("a full disk is told, and what came stays", { skip: !existsSync("/dev/full") }, async (t) => {
    const hub = await HubServer.start(t, { "org/name": held });
    mkdirSync(blobsOf(hub), { recursive: true });
    symlinkSync("/dev/full", join(blobsOf(hub), `${digest}.part`));
    await assert.rejects(download(), {
      name: "InputError",
      message: `${blobsOf(hub)}: the disk is full (ENOSPC); free some space, or set HF_HUB_CACHE to another folder. The download resumes where it stopped`,
    });
    await assertWhole(hub, await download());
  });

  test("a file for which there is no room is not begun", async (t) => {
    const hub = await HubServer.start(t, { "org/name": held });
    hub.fail("/tree/", 1, (response) =>
      response.end(JSON.stringify([{ type: "file", path, size: 2 ** 52, oid: "0".repeat(40) }])),
    );
    await assert.rejects(
      download(),
      /blobs: model\.safetensors needs 4503599627\.4 MB, but only [\d.]+ MB are free; free some space, or set HF_HUB_CACHE to another folder/,
    );
    assert.equal(resolved(hub).length, 0);
  });
});

describe("a download that is stopped", () => {
  test("by its signal: throws the reason, leaves its beginning, and the next goes on there", async (t) => {
    const hub = await HubServer.start(t, { "org/name": held });
    hub.fail("/cdn/", 1, (response, whole) => {
      response.writeHead(200, { "content-length": whole!.length });
      response.write(whole!.subarray(0, 300_000));
    });
    const stop = new AbortController();
    const reason = new Error("interrupted");
    const onProgress = (done: number) => done === 300_000 && stop.abort(reason);
    await assert.rejects(download({ signal: stop.signal, onProgress }), (error) => error === reason);
    assert.deepEqual(readdirSync(blobsOf(hub)), [`${digest}.part`]);
    await assertWhole(hub, await download());
    assert.deepEqual(rangesOf(hub), [undefined, "bytes=300000-"]);
  });

  test("while it waits for another try", async (t) => {
    const hub = await HubServer.start(t, { "org/name": held });
    const stop = new AbortController();
    const reason = new Error("interrupted");
    hub.fail("/revision/", 1, (response) => {
      status(503, { "retry-after": "100" })(response);
      setTimeout(() => stop.abort(reason), 50);
    });
    await assert.rejects(download({ signal: stop.signal }), (error) => error === reason);
  });

  test("by the end of its process: what it left is taken over, but not from one that runs", async (t) => {
    const ended = spawn(process.execPath, ["-e", ""]);
    await new Promise((resolve) => ended.on("close", resolve));
    const hub = await HubServer.start(t, { "org/name": held });
    const running = leave(hub, `${digest}.${process.ppid}@${hostname()}.aaaaaaaa.part`, content.subarray(0, 3));
    const away = leave(hub, `${digest}.${ended.pid}@elsewhere.bbbbbbbb.part`, content.subarray(0, 4));
    leave(hub, `${digest}.${ended.pid}@${hostname()}.cccccccc.part`, content.subarray(0, 700_000));
    await download();
    assert.deepEqual(rangesOf(hub), ["bytes=700000-"]);
    assert.deepEqual(
      [running, away].map((file) => statSync(file).size),
      [3, 4],
    );
  });

  test("by the end of another machine's process, a day ago", async (t) => {
    const hub = await HubServer.start(t, { "org/name": held });
    const file = leave(hub, `${digest}.1@elsewhere.bbbbbbbb.part`, content.subarray(0, 4));
    const dayAgo = Date.now() / 1000 - 25 * 3600;
    utimesSync(file, dayAgo, dayAgo);
    await assertWhole(hub, await download());
    assert.deepEqual(rangesOf(hub), ["bytes=4-"]);
  });

  test("a beginning that is wrong, or too long, costs itself only", async (t) => {
    for (const wrong of [Buffer.alloc(500_000), Buffer.concat([content, content]), Buffer.alloc(content.length)]) {
      const hub = await HubServer.start(t, { "org/name": held });
      leave(hub, `${digest}.part`, wrong);
      await assertWhole(hub, await download());
    }
  });
});

describe("downloads of the same file at the same time", () => {
  test("in one process", async (t) => {
    const hub = await HubServer.start(t, { "org/name": held });
    hub.fail("/cdn/", 3, cutAfter(200_000));
    const [first, ...others] = await Promise.all([1, 2, 3, 4].map(() => download()));
    assert.deepEqual(new Set(others), new Set([first]));
    await assertWhole(hub, first!);
  });

  test("in several", async (t) => {
    const hub = await HubServer.start(t, { "org/name": held });
    hub.fail("/cdn/", 2, cutAfter(200_000));
    const script = `
      const { openRepository } = await import(${JSON.stringify(new URL("../../src/hub/repository.js", import.meta.url).href)});
      const repository = await openRepository({ type: "model", name: "org/name", revision: "main" });
      for await (const path of repository.download(repository.paths)) console.log(path);`;
    const runs = [1, 2, 3].map(() => promisify(execFile)(process.execPath, ["--input-type=module", "-e", script]));
    for (const { stdout } of await Promise.all(runs)) {
      const paths = stdout.trim().split("\n");
      assert.deepEqual(
        paths,
        [path, "config.json"].map((name) =>
          join(hub.cache, "models--org--name/snapshots", commitFor("org/name", "main"), name),
        ),
      );
      assert.ok(readFileSync(paths[0]!).equals(content));
    }
    assert.deepEqual(readdirSync(blobsOf(hub)).toSorted(), [digest, digestOf("config.json", "{}")].toSorted());
  });
});
