import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { ray } from "../../../src/run/ray/ray.js";
import { resolveRaySettings, type RaySettings } from "../../../src/run/ray/settings.js";
import { pinned, protocol } from "../../../src/run/ray/versions.js";

const given = { address: "ray://head:8265", storage: "/shared" };

describe("ray", () => {
  it("accepts the usual forms of an address", () => {
    for (const address of ["ray://head:8265", "http://head:8265", "http://head:8265/"])
      assert.equal(resolveRaySettings({ ...given, address }).origin, "http://head:8265");
    assert.equal(
      resolveRaySettings({ ...given, address: "https://ray.example.org" }).origin,
      "https://ray.example.org",
    );
  });

  it("refuses invalid settings by name", () => {
    const refusals: readonly [object, RegExp][] = [
      [{ address: undefined }, /`address` is missing/],
      [{ storage: undefined }, /`storage` is missing/],
      [{ address: "head" }, /found the address "head", expected the head's job server/],
      [{ address: "ray://me:secret@head:8265" }, /^(?!.*secret).*with a user or password, .*RAY_AUTH_TOKEN/],
      [{ address: "ray://head:10001" }, /whose port is that of Ray Client/],
      [{ storage: "s3://bucket/sera" }, /found a URL of s3 as storage, expected a folder/],
      [{ workers: 0 }, /workers: found 0, expected a whole number from 1/],
      [{ gpus: 0.5 }, /gpus: found 0\.5/],
      [{ precision: "float16" }, /precision: found "float16", expected float32 or bfloat16/],
      [{ python: "python; rm -rf /" }, /python: found/],
      [{ shard: true }, /shard: there is one worker/],
      [{ nodes: 2 }, /`nodes` is not one of its settings/],
    ];
    for (const [own, message] of refusals)
      assert.throws(
        () => ray({ ...given, ...own } as RaySettings),
        (error: Error) => error.name === "InputError" && message.test(error.message),
        String(message),
      );
  });
});

describe("versions", () => {
  it("match those that cluster/ installs", () => {
    const project = readFileSync("cluster/pyproject.toml", "utf8");
    const there = Object.fromEntries(
      [...project.matchAll(/"([a-z]+)(?:\[[^\]]*\])?==([\d.]+)"/g)].map(([, name, version]) => [name, version]),
    );
    for (const [name, version] of Object.entries(pinned)) assert.equal(there[name], version, name);
    assert.match(readFileSync("cluster/sera_cluster/__init__.py", "utf8"), new RegExp(`^PROTOCOL = ${protocol}$`, "m"));
    assert.match(
      readFileSync("cluster/sera_cluster/check.py", "utf8"),
      new RegExp(
        `^PINNED = \\[${Object.keys(pinned)
          .map((name) => `"${name}"`)
          .join(", ")}\\]$`,
        "m",
      ),
    );
  });
});
