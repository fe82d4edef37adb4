import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { hubSettings } from "../../src/hub/settings.js";
import { emptyFolder } from "../support/folder.js";

const names = [
  "HF_ENDPOINT",
  "HF_TOKEN",
  "HUGGING_FACE_HUB_TOKEN",
  "HF_TOKEN_PATH",
  "HF_HOME",
  "HF_HUB_CACHE",
  "HUGGINGFACE_HUB_CACHE",
  "XDG_CACHE_HOME",
  "HF_HUB_OFFLINE",
];

/** The settings with only these of the hub's variables set. */
async function settingsWith(variables: Readonly<Record<string, string>>): ReturnType<typeof hubSettings> {
  const before = { ...process.env };
  for (const name of names) delete process.env[name];
  Object.assign(process.env, variables);
  try {
    return await hubSettings();
  } finally {
    for (const name of names) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  }
}

test("the cache is in the same folder as that of Python's huggingface_hub", async (t) => {
  const folder = emptyFolder(t);
  const cacheWith = async (variables: Readonly<Record<string, string>>) =>
    (await settingsWith({ HF_TOKEN: "x", ...variables })).cache;
  assert.equal(await cacheWith({}), join(homedir(), ".cache/huggingface/hub"));
  assert.equal(await cacheWith({ XDG_CACHE_HOME: folder }), join(folder, "huggingface/hub"));
  assert.equal(await cacheWith({ XDG_CACHE_HOME: "/else", HF_HOME: folder }), join(folder, "hub"));
  assert.equal(await cacheWith({ HF_HOME: "/else", HF_HUB_CACHE: folder }), folder);
  assert.equal(await cacheWith({ HF_HUB_CACHE: "~/models" }), join(homedir(), "models"));
});

test("the token is read from the environment or else from its file, trimmed, and is left out offline", async (t) => {
  const folder = emptyFolder(t);
  const tokenWith = async (variables: Readonly<Record<string, string>>) =>
    (await settingsWith({ HF_HOME: folder, ...variables })).token;
  assert.equal(await tokenWith({}), undefined);
  writeFileSync(join(folder, "token"), "hf_file\n");
  assert.equal(await tokenWith({}), "hf_file");
  mkdirSync(join(folder, "else"));
  writeFileSync(join(folder, "else/mine"), " hf_mine ");
  assert.equal(await tokenWith({ HF_TOKEN_PATH: join(folder, "else/mine") }), "hf_mine");
  assert.equal(await tokenWith({ HF_TOKEN: "hf_environment\n" }), "hf_environment");
  assert.equal(await tokenWith({ HF_TOKEN: "hf_environment", HF_HUB_OFFLINE: "1" }), undefined);
});

test("a token that cannot be sent is refused without being shown", async () => {
  for (const token of ["hf_se\ncret", "hf_sécret"]) {
    await assert.rejects(settingsWith({ HF_TOKEN: token }), (error: Error) => {
      assert.equal(
        error.message,
        "HF_TOKEN: not a token (it contains spaces or special characters); set it to hf_… alone",
      );
      return true;
    });
  }
});

test("HF_ENDPOINT and HF_HUB_OFFLINE are read, and an invalid HF_ENDPOINT is refused without its secrets", async () => {
  assert.deepEqual(await settingsWith({ HF_TOKEN: "x" }).then(({ endpoint, offline }) => [endpoint, offline]), [
    "https://huggingface.co",
    false,
  ]);
  const mirror = await settingsWith({ HF_ENDPOINT: "https://mirror.example/hf/", HF_HUB_OFFLINE: "True" });
  assert.deepEqual([mirror.endpoint, mirror.offline], ["https://mirror.example/hf", true]);
  for (const endpoint of ["mirror.example", "file:///x"]) {
    await assert.rejects(
      settingsWith({ HF_ENDPOINT: endpoint }),
      /HF_ENDPOINT: found ".*", expected the address of a hub/,
    );
  }
  await assert.rejects(
    settingsWith({ HF_ENDPOINT: "https://me:pass@mirror.example" }),
    /found "https:\/\/…@mirror\.example", expected/,
  );
  await assert.rejects(
    settingsWith({ HF_ENDPOINT: "https://mirror.example/hf?token=secret" }),
    /found "https:\/\/mirror\.example\/hf\?…", expected/,
  );
});
