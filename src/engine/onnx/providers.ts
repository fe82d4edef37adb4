/** The execution providers that onnxruntime-node has builds for. */
export const providers = ["cpu", "webgpu", "cuda", "dml", "coreml"] as const;
export type Provider = (typeof providers)[number];

/** What can be asked for: a provider, or the fastest that runs here (see {@link chooseProvider}). */
export const providerChoices = [...providers, "auto"] as const;
export type ProviderChoice = (typeof providerChoices)[number];

/**
 * Whether state stays in the provider's memory between runs. The binding can leave results on the
 * device for WebGPU only; other devices are given the state at each run, and give it back.
 */
export const keepsState = (provider: Provider) => provider === "webgpu";

/** What is wrong, in one line of onnxruntime's message; before it stands where in its source that was found. */
export const failureIn = (message: string) => message.split("\n")[0]!.replace(/^.* was false\. /, "");
