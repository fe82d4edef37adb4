import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { loadSdk } from "../../../src/judge/llm/load-sdk.js";

describe("loadSdk", () => {
  it("gives the SDK, and says how to install one that is not there", async () => {
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
