import { errorAt, inputError } from "../../../base/errors.js";
import type { Tensor } from "../../../graph/tensor.js";
import type { QuantizedRows } from "../../parameters/quantization/quantize.js";
import type { StoredElements, TensorInfo, TensorSource } from "../tensor-source.js";
import { partsOfFile } from "./file-names.js";
import { GgufFile } from "./gguf-file.js";
import { kinds, type Metadata } from "./metadata.js";

/** All parts of one model, read as one file. The metadata are those of the first part. */
export class GgufParts implements TensorSource {
  readonly metadata: Metadata;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  private readonly partOf: ReadonlyMap<string, GgufFile>;

  private constructor(
    /** The first part. */
    readonly path: string,
    private readonly parts: readonly GgufFile[],
  ) {
    this.metadata = parts[0]!.metadata;
    const partOf = new Map<string, GgufFile>();
    for (const part of parts) {
      for (const name of part.tensors.keys()) {
        if (partOf.has(name))
          throw errorAt({ file: part.path }, `the tensor ${name} is in ${partOf.get(name)!.path} too`);
        partOf.set(name, part);
      }
    }
    this.partOf = partOf;
    this.tensors = new Map([...partOf].map(([name, part]) => [name, part.tensors.get(name)!]));
  }

  /**
   * Opens a model by any of its files; see {@link GgufFile.open} for the errors.
   *
   * @throws InputError also if a part is missing, or belongs to another model
   */
  static async open(path: string): Promise<GgufParts> {
    const paths = partsOfFile(path);
    const parts: GgufFile[] = [];
    try {
      for (const [i, each] of paths.entries()) {
        const part = await GgufFile.open(each);
        parts.push(part);
        const count = part.metadata.find("split.count", kinds.number) ?? 1;
        const number = part.metadata.find("split.no", kinds.number) ?? 0;
        if (count === paths.length && number === i) continue;
        const expected = `part ${i + 1} of ${paths.length}, as its name says; the names of parts end in -00001-of-0000${count === 1 ? "N" : count}.gguf`;
        throw inputError({ file: each }, `part ${number + 1} of ${count}`, expected);
      }
      return new GgufParts(paths[0]!, parts);
    } catch (error) {
      await closeAll(parts);
      throw error;
    }
  }

  read(name: string): Promise<Tensor<"float32">> {
    return this.holderOf(name).read(name);
  }

  readAsStored(name: string): Promise<StoredElements> {
    return this.holderOf(name).readAsStored(name);
  }

  readBlocks(name: string): Promise<QuantizedRows | undefined> {
    return this.holderOf(name).readBlocks(name);
  }

  close(): Promise<void> {
    return closeAll(this.parts);
  }

  /** If no part has the tensor, the first part reports the error. */
  private holderOf(name: string): GgufFile {
    return this.partOf.get(name) ?? this.parts[0]!;
  }
}

async function closeAll(parts: readonly GgufFile[]): Promise<void> {
  await Promise.all(parts.map((part) => part.close()));
}
