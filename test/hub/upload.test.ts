import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { openRepository } from "../../src/hub/repository.js";
import { uploadModel, type UploadFile } from "../../src/hub/upload.js";
import { emptyFolder } from "../support/folder.js";
import { goodToken, HubServer, readToken, status } from "../support/hub-server.js";

const weights = Buffer.alloc(3_000_000, "weights ");
const notReplaced = () => false;

async function started(test: TestContext, token = goodToken) {
  const hub = await HubServer.start(test, { "me/public": { revisions: { main: { "README.md": "hello" } } } });
  process.env["HF_TOKEN"] = token;
  const file = join(emptyFolder(test), "model.safetensors");
  writeFileSync(file, weights);
  const files: UploadFile[] = [
    { path: "config.json", content: { text: "{}" } },
    { path: "model.safetensors", content: { file } },
  ];
  return { hub, files, sent: () => hub.paths.filter((path) => path.startsWith("/upload/")) };
}

async function contents(name: string): Promise<string[]> {
  return [...(await openRepository({ type: "model", name, revision: "main" })).paths].sort();
}

describe("uploadModel", () => {
  it("creates a private repository with all files in one commit, and reports progress in bytes", async (test) => {
    const { hub, files } = await started(test);
    const told: number[] = [];
    const uploaded = await uploadModel("me/new", files, notReplaced, {
      onProgress: (done, total) => void told.push(done / total),
    });
    assert.equal(uploaded.url, `${hub.endpoint}/me/new`);
    assert.equal(uploaded.private, true);
    assert.equal(told.at(-1), (weights.length + 0) / (weights.length + 2));
    assert.deepEqual(await contents("me/new"), [".gitattributes", "config.json", "model.safetensors"]);
    const repository = await openRepository({ type: "model", name: "me/new", revision: "main" });
    assert.equal(repository.commit, uploaded.commit);
    assert.equal(hub.uploads.held("me/new")!.private, true);
    assert.ok(
      hub.asked.every(({ token, host }) => token === (host === "hub" ? goodToken : undefined)),
      "the token is sent only to the hub",
    );
  });

  it("uploads publicly only on request, and otherwise refuses a public repository", async (test) => {
    const { hub, files } = await started(test);
    assert.equal((await uploadModel("me/open", files, notReplaced, { private: false })).private, false);
    assert.equal(hub.uploads.held("me/open")!.private, false);
    await assert.rejects(uploadModel("me/open", files, notReplaced), {
      name: "InputError",
      message: /^me\/open: this repository is public, and a model is given privately where nothing else is said/,
    });
  });

  it("resumes an interrupted upload without sending files again", async (test) => {
    const { hub, files, sent } = await started(test);
    hub.fail("/commit/main", 1, status(400));
    await assert.rejects(uploadModel("me/new", files, notReplaced), { name: "InputError" });
    assert.equal(sent().length, 1);
    assert.deepEqual(await contents("me/new"), [".gitattributes"]);
    await uploadModel("me/new", files, notReplaced);
    assert.equal(sent().length, 1);
    assert.deepEqual(await contents("me/new"), [".gitattributes", "config.json", "model.safetensors"]);
  });

  it("retries after transient failures of the server or the connection", async (test) => {
    const { hub, files, sent } = await started(test);
    hub.fail("/upload/", 1, (response) => void response.destroy());
    hub.fail("/batch", 1, status(503, { "retry-after": "0" }));
    hub.fail("/api/repos/create", 1, status(500, { "retry-after": "0" }));
    await uploadModel("me/new", files, notReplaced);
    assert.equal(sent().length, 2);
    assert.deepEqual(await contents("me/new"), [".gitattributes", "config.json", "model.safetensors"]);
  });

  it("stops when its signal is aborted", async (test) => {
    const { hub, files } = await started(test);
    const abort = new AbortController();
    hub.fail("/upload/", 1, () => abort.abort(new Error("enough")));
    await assert.rejects(uploadModel("me/new", files, notReplaced, { signal: abort.signal }), /enough|abort/i);
    assert.deepEqual(await contents("me/new"), [".gitattributes"]);
  });

  it("removes the replaced files of the previous model and keeps other files", async (test) => {
    const { files } = await started(test);
    const [config, model] = files as [UploadFile, UploadFile];
    await uploadModel(
      "me/new",
      [config, { ...model, path: "model-00001-of-00002.safetensors" }, { path: "notes.md", content: { text: "mine" } }],
      notReplaced,
    );
    await uploadModel("me/new", files, (path) => path.endsWith(".safetensors"));
    assert.deepEqual(await contents("me/new"), [".gitattributes", "config.json", "model.safetensors", "notes.md"]);
    // Uploading the same files again keeps them.
    await uploadModel("me/new", files, (path) => path.endsWith(".safetensors"));
    assert.deepEqual(await contents("me/new"), [".gitattributes", "config.json", "model.safetensors", "notes.md"]);
  });

  it("reports what is wrong with a token or a name, without showing the token", async (test) => {
    const { hub, files } = await started(test, "hf_wrong");
    const refuses = (name: string, message: RegExp) =>
      assert.rejects(
        uploadModel(name, files, notReplaced),
        (error: Error) =>
          error.name === "InputError" && message.test(error.message) && !error.message.includes("hf_wrong"),
      );
    await refuses("me/new", /^me\/new: the hub rejected the token in HF_TOKEN; create one with write access at http/);
    process.env["HF_TOKEN"] = readToken;
    await refuses("me/new", /^me\/new: the token in HF_TOKEN may not write to me\/new; create one with write access/);
    process.env["HF_TOKEN"] = goodToken;
    await refuses("others/new", /^others\/new: the token in HF_TOKEN may not write to others\/new.*that others is you/);
    for (const name of ["new", "a/b/c", "me/..", ""])
      await refuses(name, /expected the name of a repository on the hub, user\/name/);
    delete process.env["HF_TOKEN"];
    await refuses(
      "me/new",
      /^me\/new: no token to write with; create one with write access at http.*\/settings\/tokens, and set HF_TOKEN$/,
    );
    process.env["HF_HUB_OFFLINE"] = "1";
    await refuses("me/new", /^me\/new: HF_HUB_OFFLINE=1/);
    delete process.env["HF_HUB_OFFLINE"];
    process.env["HF_TOKEN"] = goodToken;
    await hub.stop();
    await refuses("me/new", /^me\/new: the hub cannot be reached: http.*ECONNREFUSED/);
  });
});
