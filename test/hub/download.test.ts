import assert from "node:assert/strict";
import { execFile, execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
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
/** Larger than the buffers of a connection, so that a reader sees its beginning before its end. */
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

/** Leaves the beginning of the file under a name, as an interrupted download would. */
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

describe("a download with failures", () => {
  test("resumes after each cut connection, as long as data arrives", async (t) => {
    const hub = await HubServer.start(t, { "org/name": held });
    let begun: ServerResponse | undefined;
    hub.fail("/cdn/", 7, (response, whole, { range }) => {
      const from = Number(/\d+/.exec(range ?? "0")![0]);
      const place = { "content-range": `bytes ${from}-${whole!.length - 1}/${whole!.length}` };
      response.writeHead(range ? 206 : 200, range ? place : {});
      response.write(whole!.subarray(from, from + 100_000));
      begun = response;
    });
    // Cut only after all of it has arrived, so that each start is known.
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

  test("starts again if the hub does not support ranges", async (t) => {
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
    test(`retries after status ${code}, ${JSON.stringify(headers)}, of the hub or the redirect target`, async (t) => {
      const hub = await HubServer.start(t, { "org/name": held });
      for (const place of ["/revision/", "/cdn/"]) hub.fail(place, 1, status(code, headers));
      await assertWhole(hub, await download());
    });
  }

  test("tries at most five times, and does not retry if the hub asks for a long wait", async (t) => {
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

  test("requests a truncated response of the hub again", async (t) => {
    const hub = await HubServer.start(t, { "org/name": held });
    hub.fail("/tree/", 1, (response) => {
      response.writeHead(200, { "content-length": 1000 });
      response.write("[", () => response.destroy());
    });
    await assertWhole(hub, await download());
  });

  test("reports a wrong length", async (t) => {
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

  test("refuses a range that it did not request", async (t) => {
    const hub = await HubServer.start(t, { "org/name": held });
    hub.fail("/cdn/", 1, cutAfter(100_000));
    hub.fail("/cdn/", 1, (response) =>
      response
        .writeHead(206, { "content-range": `bytes 5-${content.length - 1}/${content.length}` })
        .end(content.subarray(5)),
    );
    await assert.rejects(download(), /the server sent another range than the bytes from \d+/);
  });

  test("discards and reports wrong content, also of a small file", async (t) => {
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

  test("reports a full disk, and can be repeated", { skip: !existsSync("/dev/full") }, async (t) => {
    const hub = await HubServer.start(t, { "org/name": held });
    mkdirSync(blobsOf(hub), { recursive: true });
    symlinkSync("/dev/full", join(blobsOf(hub), `${digest}.part`));
    await assert.rejects(download(), {
      name: "InputError",
      message: `${blobsOf(hub)}: the disk is full (ENOSPC); free some space, or set HF_HUB_CACHE to another folder. The download resumes where it stopped`,
    });
    await assertWhole(hub, await download());
  });

  test("keeps what was downloaded before the disk was full, and resumes there", async (t) => {
    const hub = await HubServer.start(t, { "org/name": held });
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", hub.cache], { stdio: "ignore" });
    } catch {
      return t.skip("a small disk cannot be mounted here");
    }
    try {
      const filler = join(hub.cache, "filler");
      const onProgress = () => assert.throws(() => writeFileSync(filler, Buffer.alloc(2 ** 22)), { code: "ENOSPC" });
      await assert.rejects(download({ onProgress }), /the disk is full \(ENOSPC\)/);
      const { size } = statSync(join(blobsOf(hub), `${digest}.part`));
      assert.ok(size > 0 && size < content.length);
      rmSync(filler);
      await assertWhole(hub, await download());
      assert.deepEqual(rangesOf(hub), [undefined, `bytes=${size}-`]);
    } finally {
      execFileSync("umount", [hub.cache]);
    }
  });

  test("does not start if the disk has too little space", async (t) => {
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

describe("a stopped download", () => {
  test("rejects with the reason of its signal, and the next one resumes from its partial file", async (t) => {
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

  test("rejects with the reason of its signal while it waits for a retry", async (t) => {
    const hub = await HubServer.start(t, { "org/name": held });
    const stop = new AbortController();
    const reason = new Error("interrupted");
    hub.fail("/revision/", 1, (response) => {
      status(503, { "retry-after": "100" })(response);
      setTimeout(() => stop.abort(reason), 50);
    });
    await assert.rejects(download({ signal: stop.signal }), (error) => error === reason);
  });

  test("is taken over if its process has ended, but not if it runs or is on another machine", async (t) => {
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

  test("is taken over from another machine after a day", async (t) => {
    const hub = await HubServer.start(t, { "org/name": held });
    const file = leave(hub, `${digest}.1@elsewhere.bbbbbbbb.part`, content.subarray(0, 4));
    const dayAgo = Date.now() / 1000 - 25 * 3600;
    utimesSync(file, dayAgo, dayAgo);
    await assertWhole(hub, await download());
    assert.deepEqual(rangesOf(hub), ["bytes=4-"]);
  });

  test("is downloaded again if its partial file is wrong or too long", async (t) => {
    for (const wrong of [Buffer.alloc(500_000), Buffer.concat([content, content]), Buffer.alloc(content.length)]) {
      const hub = await HubServer.start(t, { "org/name": held });
      leave(hub, `${digest}.part`, wrong);
      await assertWhole(hub, await download());
    }
  });
});

describe("concurrent downloads of the same file", () => {
  test("succeed in one process", async (t) => {
    const hub = await HubServer.start(t, { "org/name": held });
    hub.fail("/cdn/", 3, cutAfter(200_000));
    const [first, ...others] = await Promise.all([1, 2, 3, 4].map(() => download()));
    assert.deepEqual(new Set(others), new Set([first]));
    await assertWhole(hub, first!);
  });

  test("succeed in several processes", async (t) => {
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
