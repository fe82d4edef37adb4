import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { openRepository, type Repository } from "../../src/hub/repository.js";
import type { RepositoryName } from "../../src/hub/repository-name.js";
import { commitFor, digestOf, goodToken, HubServer, status, type Held } from "../support/hub-server.js";

const weights = Buffer.from(Array.from({ length: 3000 }, (_, i) => i % 251));
const files = {
  "config.json": "{}\n",
  "model.safetensors": weights,
  "sub folder/#1.txt": "odd",
  "empty.txt": "",
  "README.md": "hello",
};
const held: Held = {
  revisions: { main: files, "v1.0": { "config.json": "old" }, "refs/pr/1": { "config.json": "asked for" } },
  card: { license: "mit" },
};
const model = (revision = "main", name = "org/name"): RepositoryName => ({ type: "model", name, revision });
const main = commitFor("org/name", "main");

async function download(repository: Repository, paths = repository.paths): Promise<string[]> {
  const found: string[] = [];
  for await (const path of repository.download(paths)) found.push(path);
  return found;
}

describe("a repository of the hub", () => {
  test("lists its files over several pages and downloads each of them once", async (t) => {
    const hub = await HubServer.start(t, { "org/name": held });
    const repository = await openRepository(model());
    assert.deepEqual(
      [repository.commit, repository.card, repository.paths],
      [main, { license: "mit" }, Object.keys(files)],
    );
    const progress: number[][] = [];
    const paths: string[] = [];
    const work = { onProgress: (done: number, total: number) => void progress.push([done, total]) };
    for await (const path of repository.download(repository.paths, work)) paths.push(path);
    assert.deepEqual(
      paths,
      repository.paths.map((path) => join(repository.folder, path)),
    );
    for (const [i, content] of Object.values(files).entries())
      assert.deepEqual(readFileSync(paths[i]!), Buffer.from(content));
    assert.deepEqual(progress.at(-1), [3011, 3011]);
    assert.deepEqual(
      progress.map(([done]) => done),
      progress.map(([done]) => done).toSorted((a, b) => a! - b!),
    );

    const asked = hub.asked.length;
    assert.deepEqual(await download(await openRepository(model())), paths);
    assert.equal(hub.asked.length, asked + 1, "a commit is requested once, and its files are cached");
  });

  test("is cached in the layout of Python's huggingface_hub", async (t) => {
    const hub = await HubServer.start(t, {
      "org/name": held,
      "datasets/org/rows": { revisions: { main: { "a.jsonl": "{}" } } },
    });
    await download(await openRepository(model()));
    const folder = join(hub.cache, "models--org--name");
    assert.equal(readFileSync(join(folder, "refs/main"), "utf8"), main);
    const blobs = Object.entries(files)
      .map(([path, content]) => digestOf(path, content))
      .toSorted();
    assert.deepEqual(readdirSync(join(folder, "blobs")).toSorted(), blobs);
    const snapshot = join(folder, "snapshots", main);
    assert.equal(readlinkSync(join(snapshot, "config.json")), `../../blobs/${digestOf("config.json", "{}\n")}`);
    assert.equal(readlinkSync(join(snapshot, "sub folder/#1.txt")), `../../../blobs/${digestOf("", "odd")}`);
    await download(await openRepository({ type: "dataset", name: "org/rows", revision: "main" }));
    assert.ok(
      existsSync(join(hub.cache, "datasets--org--rows/snapshots", commitFor("datasets/org/rows", "main"), "a.jsonl")),
    );
  });

  test("opens at a tag, a pull request or a commit, and does not request a known commit again", async (t) => {
    const hub = await HubServer.start(t, { "org/name": held });
    for (const [revision, text] of [
      ["v1.0", "old"],
      ["refs/pr/1", "asked for"],
      [commitFor("org/name", "v1.0"), "old"],
    ] as const) {
      const [path] = await download(await openRepository(model(revision)), ["config.json"]);
      assert.equal(readFileSync(path!, "utf8"), text);
    }
    assert.equal(
      readFileSync(join(hub.cache, "models--org--name/refs/refs/pr/1"), "utf8"),
      commitFor("org/name", "refs/pr/1"),
    );
    const asked = hub.asked.length;
    await openRepository(model(commitFor("org/name", "v1.0")));
    assert.equal(hub.asked.length, asked);
  });

  test("follows a branch to its new commit without downloading unchanged files again", async (t) => {
    const hub = await HubServer.start(t, { "org/name": { revisions: { main: { "a.txt": "same", "b.txt": "old" } } } });
    await download(await openRepository(model()));
    // The hub of the test names commits by revision; the branch now points to another one.
    const moved = commitFor("org/name", "next");
    hub.put("org/name", { revisions: { next: { "a.txt": "same", "b.txt": "new" } } });
    hub.faults.push((asked, response) => {
      if (!asked.path.includes("/revision/main")) return false;
      response
        .writeHead(200, { "content-type": "application/json" })
        .end(JSON.stringify({ _id: "1", id: "org/name", sha: moved }));
      return true;
    });
    hub.asked.length = 0;
    const paths = await download(await openRepository(model()));
    assert.deepEqual(
      paths.map((path) => readFileSync(path, "utf8")),
      ["same", "new"],
    );
    assert.deepEqual(
      hub.paths.filter((path) => path.includes("resolve")),
      [`/org/name/resolve/${moved}/b.txt`],
    );
    assert.equal(readFileSync(join(hub.cache, "models--org--name/refs/main"), "utf8"), moved);
  });

  test("downloads a blob of the wrong length again", async (t) => {
    const hub = await HubServer.start(t, { "org/name": held });
    const [path] = await download(await openRepository(model()), ["model.safetensors"]);
    writeFileSync(
      join(hub.cache, "models--org--name/blobs", digestOf("model.safetensors", weights)),
      weights.subarray(0, 10),
    );
    await download(await openRepository(model()), ["model.safetensors"]);
    assert.deepEqual(readFileSync(path!), weights);
  });
});

describe("the token", () => {
  test("is sent only to the hub, not to targets of redirects or of listing pages", async (t) => {
    const hub = await HubServer.start(t, { "org/name": { ...held, private: true } });
    process.env["HF_TOKEN"] = goodToken;
    hub.faults.push((asked, response) => {
      if (!asked.path.includes("/tree/") || asked.path.includes("cursor")) return false;
      const elsewhere = `${hub.endpoint.replace("127.0.0.1", "localhost")}${asked.path}&cursor=0`;
      const headers = { "content-type": "application/json", link: `<${elsewhere}>; rel="next"` };
      response.writeHead(200, headers).end("[]");
      return true;
    });
    await assert.rejects(openRepository(model()), /no such model/, "without the token the private list is not given");
    hub.faults.length = 0;
    await download(await openRepository(model()));
    const elsewhere = hub.asked.filter(({ host }) => host === "cdn");
    assert.ok(elsewhere.length > 0);
    assert.deepEqual(new Set(elsewhere.map(({ token }) => token)), new Set([undefined]));
    assert.ok(hub.asked.some(({ host, token }) => host === "hub" && token === goodToken));
  });

  test("does not appear in errors", async (t) => {
    const hub = await HubServer.start(t, { "org/name": held });
    process.env["HF_TOKEN"] = "hf_very_secret";
    for (const fault of [
      status(401),
      status(403, { "x-error-message": "hf_very_secret may not" }),
      status(404),
      status(429, { "retry-after": "500" }),
    ]) {
      hub.faults.length = 0;
      hub.fail("/revision/", 1, fault);
      await assert.rejects(openRepository(model()), (error: Error) => {
        assert.match(
          error.message,
          /^org\/name: (the hub rejected|127\.0\.0\.1|no such|rate limit).*; (create|check|try)/,
        );
        assert.ok(!`${error.message} ${error.stack} ${String(error.cause)}`.includes("secret"));
        return true;
      });
    }
  });
});

describe("an InputError says what to do about", () => {
  test("a missing repository or revision, and a private repository", async (t) => {
    const hub = await HubServer.start(t, { "org/name": held, "org/private": { ...held, private: true } });
    const unknown = `no such model on ${hub.endpoint}, and no such local path; check the name (org/name), and set HF_TOKEN if it is private`;
    await assert.rejects(openRepository(model("main", "org/other")), {
      name: "InputError",
      message: `org/other: ${unknown}`,
    });
    await assert.rejects(openRepository(model("main", "org/private")), { message: `org/private: ${unknown}` });
    await assert.rejects(
      openRepository({ type: "dataset", name: "org/name", revision: "main" }),
      /: no such dataset on/,
    );
    await assert.rejects(openRepository(model("v9")), {
      message: `org/name@v9: no revision "v9"; give a branch, tag or commit of ${hub.endpoint}/org/name`,
    });
    process.env["HF_TOKEN"] = goodToken;
    await assert.rejects(openRepository(model("main", "org/other")), /\(org\/name\), and that this token may read it$/);
    assert.equal((await openRepository(model("main", "org/private"))).paths.length, 5);
  });

  test("a gated repository without a token, or with a token that lacks access", async (t) => {
    const hub = await HubServer.start(t, { "org/name": { ...held, gated: true } });
    await assert.rejects(download(await openRepository(model())), {
      message: `org/name: gated repository; accept its terms at ${hub.endpoint}/org/name and put a token of that account (${hub.endpoint}/settings/tokens) into HF_TOKEN`,
    });
    process.env["HF_TOKEN"] = goodToken;
    hub.fail("/resolve/", 1, status(403, { "x-error-code": "GatedRepo" }));
    await assert.rejects(download(await openRepository(model())), {
      message: `org/name: gated repository; accept its terms at ${hub.endpoint}/org/name with the account of HF_TOKEN`,
    });
    assert.equal((await download(await openRepository(model()))).length, 5);
  });

  test("an invalid token", async (t) => {
    const hub = await HubServer.start(t, { "org/name": held });
    process.env["HF_TOKEN"] = "hf_old";
    await assert.rejects(openRepository(model()), {
      message: `org/name: the hub rejected the token in HF_TOKEN; create one at ${hub.endpoint}/settings/tokens, or unset it for public repositories`,
    });
  });

  test("an unreachable hub, or a server that is not a hub", async (t) => {
    const hub = await HubServer.start(t, { "org/name": held });
    hub.fail("/revision/", 1, (response) =>
      response.writeHead(200, { "content-type": "text/html" }).end("<html>Please log in"),
    );
    await assert.rejects(
      openRepository(model()),
      /org\/name: invalid response from http:.* \(.*\); check that it is a Hugging Face hub/,
    );
    await hub.stop();
    await assert.rejects(openRepository(model()), {
      message: `org/name: no such local path, and the hub cannot be asked: ${hub.endpoint} is unreachable (ECONNREFUSED). Check the path or the connection, set HF_ENDPOINT to a mirror, or set HF_HUB_OFFLINE=1 to use the cache`,
    });
  });

  for (const path of [
    "../out.txt",
    "a/../../out.txt",
    "/etc/out.txt",
    "a\\b.txt",
    "C:/out.txt",
    "a//b.txt",
    "./a.txt",
    "a\0b",
  ]) {
    test(`a file named ${JSON.stringify(path)}, before anything is written`, async (t) => {
      const hub = await HubServer.start(t, {
        "org/name": { revisions: { main: { "good.txt": "good", [path]: "bad" } } },
      });
      await assert.rejects(openRepository(model()), {
        name: "InputError",
        message: /^org\/name: invalid response from http.* \(path of the file ".*"\); check/,
      });
      assert.deepEqual(readdirSync(hub.cache), []);
    });
  }

  test("a commit or digest that would lead outside the cache", async (t) => {
    const hub = await HubServer.start(t, { "org/name": held });
    hub.fail("/revision/", 1, (response) => response.writeHead(200).end('{"sha":"../../x"}'));
    await assert.rejects(openRepository(model()), /invalid response from http.* \(commit "\.\.\/\.\.\/x"\)/);
    hub.fail("/tree/", 1, (response) =>
      response.writeHead(200).end('[{"type":"file","path":"a","size":1,"oid":"../x"}]'),
    );
    await assert.rejects(openRepository(model()), /\(digest of the file "a"\)/);
  });
});

describe("HF_HUB_OFFLINE=1", () => {
  test("finds downloaded files without a request to the hub", async (t) => {
    const hub = await HubServer.start(t, { "org/name": held });
    const online = await openRepository(model());
    const paths = await download(online);
    hub.asked.length = 0;
    process.env["HF_HUB_OFFLINE"] = "1";
    for (const revision of ["main", main]) {
      const { commit, card, paths: names, folder, ...offline } = await openRepository(model(revision));
      assert.deepEqual([commit, card, names, folder], [online.commit, online.card, online.paths, online.folder]);
      assert.deepEqual(await download({ commit, card, paths: names, folder, ...offline }), paths);
    }
    assert.equal(hub.asked.length, 0);
  });

  test("finds files downloaded by Python", async (t) => {
    const hub = await HubServer.start(t, {});
    const folder = join(hub.cache, "models--org--name");
    for (const part of ["blobs", "refs", `snapshots/${main}/sub`]) mkdirSync(join(folder, part), { recursive: true });
    writeFileSync(join(folder, "refs/main"), main);
    writeFileSync(join(folder, "blobs/abc"), "text");
    symlinkSync("../../../blobs/abc", join(folder, "snapshots", main, "sub/a.txt"));
    symlinkSync("../../blobs/gone", join(folder, "snapshots", main, "gone.txt"));
    process.env["HF_HUB_OFFLINE"] = "1";
    const repository = await openRepository(model());
    assert.deepEqual(repository.paths, ["sub/a.txt"]);
    assert.equal(readFileSync((await download(repository))[0]!, "utf8"), "text");
  });

  test("names a missing file or revision", async (t) => {
    const hub = await HubServer.start(t, { "org/name": held });
    await download(await openRepository(model()), ["config.json"]);
    process.env["HF_HUB_OFFLINE"] = "1";
    const cached = join(hub.cache, "models--org--name");
    const remedy = "run once without HF_HUB_OFFLINE to download it";
    await assert.rejects(download(await openRepository(model()), ["config.json", "model.safetensors"]), {
      message: `org/name: HF_HUB_OFFLINE=1, but model.safetensors is not in the cache ${join(cached, "snapshots", main)}; ${remedy}`,
    });
    await assert.rejects(openRepository(model("v1.0")), {
      message: `org/name@v1.0: HF_HUB_OFFLINE=1, but revision "v1.0" is not in the cache ${cached}; ${remedy}`,
    });
  });
});

describe("malicious responses and damaged listings", () => {
  const json = { "content-type": "application/json" };
  const strange = (detail: RegExp) => ({
    name: "InputError",
    message: new RegExp(
      `^org/name: invalid response from http://127.* \\(${detail.source}\\); check that it is a Hugging Face hub`,
    ),
  });

  test("an endless list of pages is refused", async (t) => {
    const hub = await HubServer.start(t, { "org/name": held });
    hub.fail(
      "/tree/",
      Infinity,
      (response) =>
        void response
          .writeHead(200, { ...json, link: `<${hub.endpoint}/api/models/org/name/tree/main?next>; rel="next"` })
          .end("[]"),
    );
    await assert.rejects(openRepository(model()), strange(/more than 1000 pages of files/));
  });

  test("an endless body is refused", async (t) => {
    const hub = await HubServer.start(t, { "org/name": held });
    hub.fail("/revision/", 1, (response) => {
      response.writeHead(200, json);
      const part = Buffer.alloc(1 << 20, " ");
      const more = () => void (!response.destroyed && response.write(part, more));
      more();
    });
    await assert.rejects(openRepository(model()), strange(/a response of more than 64 MB/));
  });

  test("a deeply nested card is refused", async (t) => {
    const hub = await HubServer.start(t, { "org/name": held });
    hub.fail(
      "/revision/",
      1,
      (response) =>
        void response
          .writeHead(200, json)
          .end(`{"sha":"${main}","cardData":${"[".repeat(50_000)}${"]".repeat(50_000)}}`),
    );
    await assert.rejects(openRepository(model()), strange(/nested more than 128 levels deep/));
  });

  test("a damaged listing in the cache is requested again", async (t) => {
    const hub = await HubServer.start(t, { "org/name": held });
    await openRepository(model());
    const listing = join(hub.cache, "models--org--name", "listings", `${main}.json`);
    for (const damaged of ["", "{", "[".repeat(5000), '{"files":[{"path":"../x","size":1,"digest":"y"}]}']) {
      writeFileSync(listing, damaged);
      assert.deepEqual((await openRepository(model())).paths, Object.keys(files));
    }
  });
});
