import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { addressOf, readConnection } from "../../../src/kernel/wire/connection.js";
import { emptyFolder } from "../../support/folder.js";

const connection = {
  transport: "tcp",
  ip: "127.0.0.1",
  shell_port: 5001,
  control_port: 5002,
  stdin_port: 5003,
  iopub_port: 5004,
  hb_port: 5005,
  key: "secret",
  signature_scheme: "hmac-sha256",
};

describe("a connection file", () => {
  it("is read without the fields that the kernel does not need", async (test) => {
    const path = join(emptyFolder(test), "connection.json");
    writeFileSync(path, JSON.stringify({ ...connection, kernel_name: "sera" }));
    assert.deepEqual(await readConnection(path), connection);
  });

  it("gives the addresses of its sockets", () => {
    assert.equal(
      addressOf({ ...connection, transport: "tcp", signature_scheme: "hmac-sha256" }, 5001),
      "tcp://127.0.0.1:5001",
    );
    assert.equal(
      addressOf({ ...connection, transport: "ipc", ip: "/run/kernel", signature_scheme: "hmac-sha256" }, 1),
      "ipc:///run/kernel-1",
    );
  });

  const wrong: [name: string, change: object, message: RegExp][] = [
    ["an invalid port", { iopub_port: 70_000 }, /iopub_port = 70000, expected /],
    ["a field that lacks", { hb_port: undefined }, /hb_port = nothing, expected number/],
    ["an unknown transport", { transport: "udp" }, /transport = "udp", expected .*"tcp"\|"ipc"/],
    ["another signature", { signature_scheme: "hmac-md5" }, /signature_scheme = "hmac-md5", expected "hmac-sha256"/],
  ];
  for (const [name, change, message] of wrong) {
    it(`with ${name} is refused by the names of the file and the field`, async (test) => {
      const path = join(emptyFolder(test), "connection.json");
      writeFileSync(path, JSON.stringify({ ...connection, ...change }));
      await assert.rejects(
        readConnection(path),
        (error: Error) =>
          error.name === "InputError" && error.message.startsWith(`${path}: found `) && message.test(error.message),
      );
    });
  }

  it("that is missing or not JSON is refused by name", async (test) => {
    const path = join(emptyFolder(test), "connection.json");
    await assert.rejects(readConnection(path), {
      message: `${path}: no such file; expected the connection file that Jupyter writes for a kernel`,
    });
    writeFileSync(path, "{");
    await assert.rejects(readConnection(path), /connection\.json: found text that is not JSON/);
  });
});
