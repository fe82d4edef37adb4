import { tensor, type Tensor } from "../../../graph/tensor.js";
import type { QuantizedRows } from "../../parameters/quantization/quantize.js";
import type { StoredElements, TensorInfo } from "../tensor-source.js";
import type { WeightFiles } from "../weight-files.js";
import type { GgufArchitecture, ModelMetadata, Restore } from "./architectures/architecture.js";
import type { GgufParts } from "./split-files.js";

/** A tensor of the file, and the conversion to Hugging Face's layout if its own differs. */
interface Source {
  readonly stored: string;
  readonly restore?: Restore | undefined;
}

/** The tensors of a GGUF file under Hugging Face's names, and in its layout. Tensors without such a name keep their own. */
export class NamedWeights implements WeightFiles {
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  private readonly sources: ReadonlyMap<string, Source>;

  constructor(
    private readonly file: GgufParts,
    { modules, restore, constants = [] }: GgufArchitecture,
    model: ModelMetadata,
  ) {
    const restorers = restore?.(model) ?? {};
    const sources = new Map<string, Source>();
    for (const stored of file.tensors.keys()) {
      if (constants.includes(stored)) continue;
      const { module, layer, kind } = partsOfName(stored);
      const named = modules[module];
      const name = named === undefined ? stored : `${named.replace("#", layer)}.${kind}`;
      sources.set(name, { stored, restore: restorers[module] });
    }
    this.sources = sources;
    this.tensors = new Map([...sources].map(([name, source]) => [name, this.infoOf(source)]));
  }

  get path(): string {
    return this.file.path;
  }

  async read(name: string): Promise<Tensor<"float32">> {
    const { stored, restore } = this.sources.get(name) ?? { stored: name };
    const read = await this.file.read(stored);
    return restore ? tensor(restore.shapeOf(read.shape), restore.elementsOf(read)) : read;
  }

  async readBlocks(name: string): Promise<QuantizedRows | undefined> {
    const { stored, restore } = this.sources.get(name) ?? { stored: name };
    if (restore && !restore.rowOrder) return undefined;
    const found = await this.file.readBlocks(stored);
    return found && restore?.rowOrder ? inOrder(found, restore.rowOrder(found.rows)) : found;
  }

  async readAsStored(name: string): Promise<StoredElements> {
    const { shape, data } = await this.read(name);
    return { dtype: "F32", shape, data };
  }

  close(): Promise<void> {
    return this.file.close();
  }

  private infoOf({ stored, restore }: Source): TensorInfo {
    const { dtype, shape } = this.file.tensors.get(stored)!;
    return { dtype, shape: restore ? restore.shapeOf(shape) : shape };
  }
}

/** @param from source of each row */
function inOrder(stored: QuantizedRows, from: (row: number) => number): QuantizedRows {
  const reordered = <T extends Uint8Array | Float32Array>(array: T, into: T): T => {
    const width = array.length / stored.rows;
    for (let row = 0; row < stored.rows; row++)
      into.set(array.subarray(from(row) * width, (from(row) + 1) * width), row * width);
    return into;
  };
  const { blocks, scales } = stored;
  return {
    ...stored,
    blocks: reordered(blocks, new Uint8Array(blocks.length)),
    scales: reordered(scales, new Float32Array(scales.length)),
  };
}

/** `blk.12.attn_q.weight` is the weight of the module `blk.#.attn_q` in layer 12. */
function partsOfName(stored: string): { module: string; layer: string; kind: string } {
  const [, layer = "", name = "", kind = ""] = /^(?:blk\.(\d+)\.)?(.+)\.(weight|bias)$/.exec(stored) ?? [];
  return { module: layer === "" ? name : `blk.#.${name}`, layer, kind };
}
