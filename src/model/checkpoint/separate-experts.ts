import { sizeOf, tensor, type Shape, type Tensor } from "../../graph/tensor.js";
import { architectureOf } from "../architectures/index.js";
import type { ModelConfig } from "../config.js";
import type { QuantizedRows } from "../parameters/quantization/quantize.js";
import type { StoredElements, TensorInfo } from "./tensor-source.js";
import type { WeightFiles } from "./weight-files.js";

/**
 * Tensors that combine a linear layer of all experts, [experts, outputs, inputs], by the end of their names, and which of an
 * expert's linear layers they contain, in order: as transformers 5 has them in memory, and as GGUF stores them.
 */
const together: Readonly<Record<string, readonly ("gate" | "up" | "down")[]>> = {
  gate_up_proj: ["gate", "up"],
  down_proj: ["down"],
  "gate_proj.weight": ["gate"],
  "up_proj.weight": ["up"],
  "down_proj.weight": ["down"],
};

/** A tensor's source: a stored tensor, or one of the equal parts into which it is divided. */
type Source =
  | { readonly stored: string; readonly part?: undefined; readonly shape: Shape }
  | { readonly stored: string; readonly part: number; readonly shape: Shape };

/**
 * Presents weights with separate tensors for each expert, as transformers writes them to disk, whatever the layout of the files.
 * Files of models without experts are returned unchanged.
 */
export function separateExperts(config: ModelConfig, files: WeightFiles): WeightFiles {
  const names = architectureOf(config).experts;
  if (names === undefined || !("experts" in config)) return files;
  const sources = new Map<string, Source>();
  for (const [stored, { shape }] of files.tensors) {
    const [, layer = "", end = ""] = /^(.*\.layers\.\d+)\.mlp\.(?:experts\.)?(.+)$/.exec(stored) ?? [];
    const parts = together[end] ?? [];
    // Others, such as those for another number of experts, keep their names and are refused under them.
    if (parts.length > 0 && shape.length === 3 && shape[0] === config.experts) {
      const part = [shape[1]! / parts.length, shape[2]!];
      for (let i = 0; i < config.experts * parts.length; i++) {
        const expert = Math.floor(i / parts.length);
        const name = `${layer}.${names.block}.experts.${expert}.${names[parts[i % parts.length]!]}.weight`;
        sources.set(name, { stored, part: i, shape: part });
      }
    } else {
      sources.set(end === "gate.weight" ? `${layer}.${names.block}.gate.weight` : stored, { stored, shape });
    }
  }
  return new SeparatedExperts(files, sources);
}

/** Weights some of which are combined in one stored tensor. */
class SeparatedExperts implements WeightFiles {
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** The last stored tensor read, because its parts are requested one after another. */
  private last: { readonly stored: string; readonly whole: Promise<Tensor<"float32">> } | undefined;

  constructor(
    private readonly files: WeightFiles,
    private readonly sources: ReadonlyMap<string, Source>,
  ) {
    this.tensors = new Map(
      [...sources].map(([name, { stored, shape }]) => [name, { dtype: files.tensors.get(stored)!.dtype, shape }]),
    );
  }

  get path(): string {
    return this.files.path;
  }

  async read(name: string): Promise<Tensor<"float32">> {
    const { stored, part, shape } = this.sources.get(name) ?? { stored: name, shape: [] };
    if (part === undefined) return this.files.read(stored);
    if (this.last?.stored !== stored) this.last = { stored, whole: this.files.read(stored) };
    const { data } = await this.last.whole;
    const size = sizeOf(shape);
    return tensor(shape, data.slice(part * size, (part + 1) * size));
  }

  async readAsStored(name: string): Promise<StoredElements> {
    const { stored, part } = this.sources.get(name) ?? { stored: name };
    if (part === undefined) return this.files.readAsStored(stored);
    const { shape, data } = await this.read(name);
    return { dtype: "F32", shape, data };
  }

  /** Returns the stored blocks of whole tensors; undefined for parts, which are quantised anew. */
  async readBlocks(name: string): Promise<QuantizedRows | undefined> {
    const { stored, part } = this.sources.get(name) ?? { stored: name };
    return part === undefined ? this.files.readBlocks?.(stored) : undefined;
  }

  close(): Promise<void> {
    return this.files.close();
  }
}
