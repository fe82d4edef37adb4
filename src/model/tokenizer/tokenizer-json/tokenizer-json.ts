import { z } from "zod";
import { inputError, quote } from "../../../base/errors.js";
import { parseJson } from "../../../base/read-json.js";
import { addedTokensSchema, findTokens, type AddedToken, type Section } from "./added-tokens.js";
import { compileNormalizer } from "./normalizer.js";
import { surroundings, type Surroundings } from "./post-processor.js";
import { compilePreTokenizer, type ProgressState } from "./pre-tokenizer.js";
import { compileDecoder } from "./token-decoder.js";
import { compileTokenModel } from "./token-model.js";

const schema = z.looseObject({
  added_tokens: addedTokensSchema,
  normalizer: z.unknown(),
  pre_tokenizer: z.unknown(),
  post_processor: z.unknown(),
  decoder: z.unknown(),
  model: z.unknown(),
});

interface Plain extends ProgressState {
  readonly text: string;
}

/**
 * What a `tokenizer.json` of Hugging Face's tokenizers says, for decoder-only models: the same ids and the same text
 * as Python's library gives. The JavaScript library of that name gives others in places (white space, byte tokens,
 * prefixes, splitting, added tokens), so that only its models and its translation of patterns are used.
 */
export class TokenizerJson {
  readonly addedTokens: readonly AddedToken[];
  readonly surroundings: Surroundings;
  private readonly ids: ReadonlyMap<string, number>;
  private readonly tokens: readonly (string | undefined)[];
  private readonly sectionsOf: (text: string, before: string) => (Plain | number)[];
  private readonly tokensOf: (plain: Plain) => string[];
  private readonly textOf: (tokens: readonly string[]) => string;

  /**
   * @param options.splitSpecial leaves special tokens that are written in a text what they are, text
   * @throws InputError where the file does not fit, or asks for what cannot be followed exactly
   */
  constructor(
    json: string,
    private readonly file: string,
    { splitSpecial }: { readonly splitSpecial: boolean },
  ) {
    const parts = parseJson(json, schema, file);
    const place = (within: string) => ({ file, within });
    const model = compileTokenModel(parts.model, place("model"));
    const normalize = compileNormalizer(parts.normalizer, place("normalizer"));
    const preTokenize = compilePreTokenizer(parts.pre_tokenizer, place("pre_tokenizer"));
    this.textOf = compileDecoder(parts.decoder, place("decoder"));
    this.surroundings = surroundings(parts.post_processor, place("post_processor"));
    this.addedTokens = parts.added_tokens;

    const ids = new Map(model.vocab);
    for (const { content, id } of parts.added_tokens) ids.set(content, id);
    this.ids = ids;
    const found = parts.added_tokens.filter(({ special }) => !(splitSpecial && special));
    const isNormalized = ({ normalized, special }: AddedToken) => normalized ?? !special;
    const tokens: (string | undefined)[] = [];
    for (const [token, id] of ids) tokens[id] = token;
    for (const { content, id } of parts.added_tokens.filter(isNormalized)) tokens[id] = normalize(content, false);
    this.tokens = tokens;

    const findWritten = findTokens(found.filter((token) => !isNormalized(token)));
    const findNormalized = findTokens(found.filter(isNormalized), (content) => normalize(content, false));
    const divide = (text: string, first: boolean, continues: boolean): (Plain | number)[] =>
      findWritten(text).flatMap((written, i) => {
        if (written.id !== undefined) return [written.id];
        const goesOn = continues && i === 0;
        return findNormalized(normalize(written.text, goesOn)).map((section: Section, j) =>
          section.id ?? { text: section.text, first: first && i === 0 && j === 0, continues: goesOn && j === 0 },
        );
      });
    this.sectionsOf = (text, before) =>
      before === "" ? divide(text, true, false) : divide(text, false, typeof divide(before, true, false).at(-1) === "object");
    this.tokensOf = ({ text, first, continues }) => preTokenize(text, { first, continues }).flatMap((piece) => model.tokensOf(piece));
  }

  /** One more than the largest id. */
  get vocabSize(): number {
    return this.tokens.length;
  }

  /** Id of a token by its text. */
  idOf(token: string): number | undefined {
    return this.ids.get(token);
  }

  /**
   * Ids of a text, with no special token around it. Halves of surrogate pairs are read as U+FFFD.
   *
   * @param before text that it goes on after: no space is put before it then, as none would be put inside a text
   * @throws InputError where the vocabulary cannot write the text, and has no token for what it does not know
   */
  encode(text: string, before = ""): number[] {
    return this.sectionsOf(wellFormed(text), wellFormed(before)).flatMap((section) =>
      typeof section === "number" ? [section] : this.tokensOf(section).map((token) => this.knownId(token, section.text)),
    );
  }

  /** Text of the ids; those that there are no tokens of are left out. */
  decode(ids: Iterable<number>): string {
    const tokens = Array.from(ids, (id) => this.tokens[id]).filter((token) => token !== undefined);
    return tokens.length === 0 ? "" : this.textOf(tokens);
  }

  private knownId(token: string, text: string): number {
    const id = this.ids.get(token);
    if (id === undefined) {
      throw inputError({ file: this.file }, `no token for what is unknown in ${quote(text)}`, "an unk_token of the vocabulary");
    }
    return id;
  }
}

function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\ufffd");
}
