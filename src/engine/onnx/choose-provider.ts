import { tryEngine, type Trial } from "../trial.js";
import type { Provider } from "./providers.js";

/** The devices of a machine are tried only once. */
let choice: Promise<Provider> | undefined;

/**
 * Returns the provider with the fastest matrix products here: WebGPU if there is a device whose driver does not run on the CPU,
 * otherwise the CPU. Others are not tried: they receive the state at each run, and their libraries are not part of an
 * installation.
 */
export function chooseProvider(): Promise<Provider> {
  return (choice ??= choose());
}

async function choose(): Promise<Provider> {
  return fasterOf(await tryEngine({ provider: "cpu" }), await tryEngine({ provider: "webgpu" }));
}

/** Returns the provider with the faster matrix products; the CPU if either failed. */
export function fasterOf(cpu: Trial, webgpu: Trial): Provider {
  return "gflops" in webgpu && "gflops" in cpu && webgpu.gflops > cpu.gflops ? "webgpu" : "cpu";
}
