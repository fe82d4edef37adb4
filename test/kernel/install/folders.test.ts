import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { dataFolders, userDataFolder } from "../../../src/kernel/install/folders.js";

const linux = { platform: "linux", env: {}, home: "/home/ada" } as const;
const mac = { platform: "darwin", env: {}, home: "/Users/ada" } as const;
const windows = {
  platform: "win32",
  env: { APPDATA: "C:\\Users\\ada\\AppData\\Roaming" },
  home: "C:\\Users\\ada",
} as const;

describe("userDataFolder", () => {
  it("matches jupyter_core's on each platform", () => {
    assert.equal(userDataFolder(linux), "/home/ada/.local/share/jupyter");
    assert.equal(userDataFolder({ ...linux, env: { XDG_DATA_HOME: "/data" } }), "/data/jupyter");
    assert.equal(userDataFolder({ ...linux, env: { XDG_DATA_HOME: "" } }), "/home/ada/.local/share/jupyter");
    assert.equal(userDataFolder(mac), "/Users/ada/Library/Jupyter");
    assert.equal(userDataFolder({ ...mac, env: { XDG_DATA_HOME: "/data" } }), "/Users/ada/Library/Jupyter");
    assert.equal(userDataFolder(windows), "C:\\Users\\ada\\AppData\\Roaming\\jupyter");
    assert.equal(userDataFolder({ ...windows, env: {} }), "C:\\Users\\ada\\.jupyter\\data");
  });

  it("is JUPYTER_DATA_DIR if set, on every platform", () => {
    for (const place of [linux, mac, windows]) {
      assert.equal(userDataFolder({ ...place, env: { ...place.env, JUPYTER_DATA_DIR: "/jupyter" } }), "/jupyter");
    }
  });
});

describe("dataFolders", () => {
  it("lists those of JUPYTER_PATH, the user, the active environment, other environments and the system, each once", () => {
    const env = { JUPYTER_PATH: "/a:/b:", VIRTUAL_ENV: "/venv", CONDA_PREFIX: "/venv" };
    assert.deepEqual(dataFolders(["/project/.venv-lab"], { ...linux, env }), [
      "/a",
      "/b",
      "/home/ada/.local/share/jupyter",
      join("/venv", "share", "jupyter"),
      join("/project/.venv-lab", "share", "jupyter"),
      "/usr/local/share/jupyter",
      "/usr/share/jupyter",
    ]);
  });

  it("splits JUPYTER_PATH at semicolons on Windows", () => {
    const env = { ...windows.env, JUPYTER_PATH: "C:\\a;D:\\b", PROGRAMDATA: "C:\\ProgramData" };
    assert.deepEqual(dataFolders([], { ...windows, env }), [
      "C:\\a",
      "D:\\b",
      "C:\\Users\\ada\\AppData\\Roaming\\jupyter",
      "C:\\ProgramData\\jupyter",
    ]);
  });
});
