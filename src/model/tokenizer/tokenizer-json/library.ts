import * as library from "@huggingface/tokenizers";

/** The part of the library's token models used here. */
interface LibraryModel {
  readonly tokens_to_ids: ReadonlyMap<string, number>;
  encode(pieces: string[]): string[];
}
interface LibraryUnigram extends LibraryModel {
  /** Pieces of the vocabulary, and single characters that no piece contains. */
  tokenize(piece: string): string[];
}

/** The package's own declarations name files without extensions, so that TypeScript finds none of its classes. */
export const { BPE, Unigram, SplitPreTokenizer } = library as unknown as {
  BPE: new (settings: object) => LibraryModel;
  Unigram: new (settings: object, eosToken: string) => LibraryUnigram;
  SplitPreTokenizer: new (settings: object) => { readonly pattern: RegExp };
};
