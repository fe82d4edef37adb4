/** The execution providers that onnxruntime-node has builds for. */
export const providers = ["cpu", "webgpu", "cuda", "dml", "coreml"] as const;
export type Provider = (typeof providers)[number];

/** Valid settings: a provider, or "auto" for the fastest that runs here (see {@link chooseProvider}). */
export const providerChoices = [...providers, "auto"] as const;
export type ProviderChoice = (typeof providerChoices)[number];

/**
 * Whether state stays in the provider's memory between runs. The binding can leave results on the device for WebGPU only; other
 * devices receive the state at each run, and return it.
 */
export const keepsState = (provider: Provider) => provider === "webgpu";

/** The cause in one line of onnxruntime's message, without the source location before it. */
export const failureIn = (message: string) => message.split("\n")[0]!.replace(/^.* was false\. /, "");
