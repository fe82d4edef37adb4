import type { Shape, Tensor } from "../../../../graph/tensor.js";
import { kinds, shortestFloat32, type Metadata } from "../metadata.js";

/** How a GGUF file holds one kind of model. */
export interface GgufArchitecture {
  /** What config.json calls it. */
  readonly modelType: string;
  /** The fields of config.json, beside those of all architectures. */
  config(model: ModelMetadata): Record<string, unknown>;
  /** Modules of config.json's model by GGUF's; `#` stands for the number of a layer (`blk.#.attn_q`). */
  readonly modules: Readonly<Record<string, string>>;
  /** For modules whose tensors GGUF has in another order: what puts them back. */
  readonly restore?: (model: ModelMetadata) => Readonly<Record<string, Restore>>;
  /** Tensors that are no parameters, and that {@link config} has read. */
  readonly constants?: readonly string[];
}

/** Puts the elements of a tensor back into the order of Hugging Face's layout. */
export interface Restore {
  /** Shape in that layout. */
  shapeOf(stored: Shape): Shape;
  /** The elements in that layout, in memory of their own. */
  elementsOf(stored: Tensor<"float32">): Float32Array;
  /** For so many rows of [out, in], where each is taken from; none where the numbers themselves are others. */
  rowOrder?(rows: number): (row: number) => number;
}

/** What the metadata say of the model itself, under keys that begin with its architecture's name. */
export class ModelMetadata {
  constructor(
    readonly name: string,
    readonly metadata: Metadata,
    /** Whether the file has a tensor of this name. */
    readonly has: (tensor: string) => boolean,
    /** Tensors that are read to know the config: see {@link GgufArchitecture.constants}. */
    readonly constants: ReadonlyMap<string, Float32Array>,
  ) {}

  key(name: string): string {
    return `${this.name}.${name}`;
  }

  /** A size that has to be there, such as `block_count`. */
  size(name: string): number {
    return this.metadata.get(this.key(name), kinds.size);
  }

  findSize(name: string): number | undefined {
    return this.metadata.find(this.key(name), kinds.size);
  }

  /** A number that has to be there, as the shortest decimal that is the float32 in the file. */
  number(name: string): number {
    return shortestFloat32(this.metadata.get(this.key(name), kinds.number));
  }

  findNumber(name: string): number | undefined {
    const found = this.metadata.find(this.key(name), kinds.number);
    return found === undefined ? undefined : shortestFloat32(found);
  }

  findText(name: string): string | undefined {
    return this.metadata.find(this.key(name), kinds.text);
  }

  findFlag(name: string): boolean | undefined {
    return this.metadata.find(this.key(name), kinds.flag);
  }

  get heads(): number {
    return this.size("attention.head_count");
  }

  get kvHeads(): number {
    return this.findSize("attention.head_count_kv") ?? this.heads;
  }

  get headSize(): number {
    return this.findSize("attention.key_length") ?? this.size("embedding_length") / this.heads;
  }
}
