import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadSdk } from "../../../src/judge/llm/load-sdk.js";

describe("loadSdk", () => {
  it("returns the SDK, or says how to install a missing one", async () => {
    assert.equal(typeof (await loadSdk("openai", () => import("openai"))).OpenAI, "function");
    const absent = "no-such-package-anywhere";
    await assert.rejects(
      loadSdk(absent, () => import(absent)),
      {
        name: "InputError",
        message: `${absent} is not installed, through which this model is asked: npm install ${absent}`,
      },
    );
    await assert.rejects(
      loadSdk("mine", () => Promise.reject(new Error("broken"))),
      { message: "broken" },
    );
  });
});
