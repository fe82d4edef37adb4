import type { Shape, Tensor } from "../../../../graph/tensor.js";
import { kinds, shortestFloat32, type Metadata } from "../metadata.js";

/** How a GGUF file stores one kind of model. */
export interface GgufArchitecture {
  /** Its `model_type` in config.json. */
  readonly modelType: string;
  /** The fields of config.json besides those that all architectures share. */
  config(model: ModelMetadata): Record<string, unknown>;
  /** Hugging Face module names by GGUF's; `#` stands for a layer number (`blk.#.attn_q`). */
  readonly modules: Readonly<Record<string, string>>;
  /** Conversions for modules whose tensors GGUF stores in another order. */
  readonly restore?: (model: ModelMetadata) => Readonly<Record<string, Restore>>;
  /** Tensors that are not parameters, and are read by {@link config}. */
  readonly constants?: readonly string[];
}

/** Restores the order of a tensor's elements in Hugging Face's layout. */
export interface Restore {
  /** Shape in that layout. */
  shapeOf(stored: Shape): Shape;
  /** The elements in that layout, newly allocated. */
  elementsOf(stored: Tensor<"float32">): Float32Array;
  /** For a number of rows of [out, in], the source of each row; absent if the numbers themselves change. */
  rowOrder?(rows: number): (row: number) => number;
}

/** The model's own metadata, under keys that begin with the architecture's name. */
export class ModelMetadata {
  constructor(
    readonly name: string,
    readonly metadata: Metadata,
    /** Whether the file has a tensor of this name. */
    readonly has: (tensor: string) => boolean,
    /** Tensors that the config depends on: see {@link GgufArchitecture.constants}. */
    readonly constants: ReadonlyMap<string, Float32Array>,
  ) {}

  key(name: string): string {
    return `${this.name}.${name}`;
  }

  /** Returns a required size, such as `block_count`. */
  size(name: string): number {
    return this.metadata.get(this.key(name), kinds.size);
  }

  findSize(name: string): number | undefined {
    return this.metadata.find(this.key(name), kinds.size);
  }

  /** Returns a required number, as the shortest decimal that rounds to the float32 in the file. */
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
