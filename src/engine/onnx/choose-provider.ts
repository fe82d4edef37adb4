import { tryEngine } from "../trial.js";
import type { Provider } from "./providers.js";

/** Devices of one machine are tried once. */
let choice: Promise<Provider> | undefined;

/**
 * The provider that multiplies matrices fastest here: WebGPU, where there is a device whose driver
 * is no program on the CPU, and else the CPU. Others are not tried: they are given the state at
 * each run, and their libraries are not part of an installation.
 */
export function chooseProvider(): Promise<Provider> {
  return (choice ??= choose());
}

async function choose(): Promise<Provider> {
  const [cpu, webgpu] = [await tryEngine({ provider: "cpu" }), await tryEngine({ provider: "webgpu" })];
  return "gflops" in webgpu && "gflops" in cpu && webgpu.gflops > cpu.gflops ? "webgpu" : "cpu";
}
