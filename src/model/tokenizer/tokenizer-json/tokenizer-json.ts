import { z } from "zod";
import { errorAt, InputError, inputError, quote } from "../../../base/errors.js";
import { parseJson } from "../../../base/read-json.js";
import { TimeLimitError, withinSeconds } from "../../../base/time-limit.js";
import { addedTokensSchema, findTokens, type AddedToken, type Section } from "./added-tokens.js";
import { hasUnknownPattern } from "./known-patterns.js";
import { compileNormalizer } from "./normalizer.js";
import { surroundings, type Surroundings } from "./post-processor.js";
import { rememberPieces } from "./piece-memory.js";
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

/** Most characters of a text. V8 terminates the process on a text with more than some ten million matches. */
const longestText = 1 << 24;

/** Time limit in seconds of an unknown regular expression: a minimum, plus a share for each character of the text. */
const patience = { least: 10, perCharacter: 1e-5 };

interface Plain extends ProgressState {
  readonly text: string;
}

/**
 * A Hugging Face `tokenizer.json`, for decoder-only models, with the same ids and text as Python's library. The JavaScript
 * library of that name deviates in places (white space, byte tokens, prefixes, splitting, added tokens), so only its models and
 * its translation of patterns are used.
 */
export class TokenizerJson {
  readonly addedTokens: readonly AddedToken[];
  readonly surroundings: Surroundings;
  /** Id of the token for text that the vocabulary lacks. */
  readonly unknownId: number | undefined;
  private readonly ids: ReadonlyMap<string, number>;
  private readonly tokens: readonly (string | undefined)[];
  private readonly sectionsOf: (text: string, before: string) => (Plain | number)[];
  private readonly idsOf: (plain: Plain) => number[];
  private readonly textOf: (tokens: readonly string[]) => string;
  /** Whether a regular expression of the file could run forever. */
  private readonly isWatched: boolean;
  /** Set once one did; no further text is then tried. */
  private endless: InputError | undefined;

  /**
   * @param options.splitSpecial keeps special tokens written in a text as plain text
   * @throws InputError if the file is invalid, or asks for something that cannot be reproduced exactly
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
    const preTokenizer = compilePreTokenizer(parts.pre_tokenizer, place("pre_tokenizer"));
    this.textOf = compileDecoder(parts.decoder, place("decoder"));
    this.surroundings = surroundings(parts.post_processor, place("post_processor"));
    this.addedTokens = parts.added_tokens;
    this.isWatched = hasUnknownPattern([parts.normalizer, parts.pre_tokenizer, parts.decoder]);

    const ids = new Map(model.vocab);
    for (const { content, id } of parts.added_tokens) ids.set(content, id);
    this.ids = ids;
    this.unknownId = model.unknown === undefined ? undefined : ids.get(model.unknown);
    const found = parts.added_tokens.filter(({ special }) => !(splitSpecial && special));
    const isNormalized = ({ normalized, special }: AddedToken) => normalized ?? !special;
    const normalizedToken = (content: string) => this.bounded(content, () => normalize(content, false));
    const tokens: (string | undefined)[] = [];
    for (const [token, id] of ids) tokens[id] = token;
    for (const { content, id } of parts.added_tokens.filter(isNormalized)) tokens[id] = normalizedToken(content);
    this.tokens = tokens;

    const findWritten = findTokens(found.filter((token) => !isNormalized(token)));
    const findNormalized = findTokens(found.filter(isNormalized), normalizedToken);
    const divide = (text: string, first: boolean, continues: boolean): (Plain | number)[] =>
      findWritten(text).flatMap((written, i) => {
        if (written.id !== undefined) return [written.id];
        const goesOn = continues && i === 0;
        return findNormalized(normalize(written.text, goesOn)).map(
          (section: Section, j) =>
            section.id ?? { text: section.text, first: first && i === 0 && j === 0, continues: goesOn && j === 0 },
        );
      });
    this.sectionsOf = (text, before) =>
      before === ""
        ? divide(text, true, false)
        : divide(text, false, typeof divide(before, true, false).at(-1) === "object");
    const pieceIds = rememberPieces((piece, text) =>
      model.tokensOf(preTokenizer.spell(piece)).map((token) => this.knownId(token, text)),
    );
    this.idsOf = ({ text, first, continues }) => {
      const ids: number[] = [];
      for (const piece of preTokenizer.divide(text, { first, continues })) {
        for (const id of pieceIds(piece, text)) ids.push(id);
      }
      return ids;
    };
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
   * Ids of a text, without surrounding special tokens. Lone surrogates are read as U+FFFD.
   *
   * @param before preceding text: no space is then put before the text, as inside a text
   * @throws InputError if the vocabulary cannot encode the text and has no unknown token; if a regular expression of the file
   *   does not terminate, or a replacement expands the text far too much
   */
  encode(text: string, before = ""): number[] {
    return this.bounded(text, () =>
      this.sectionsOf(wellFormed(text), wellFormed(before)).flatMap((section) =>
        typeof section === "number" ? section : this.idsOf(section),
      ),
    );
  }

  /** Text of the ids; unknown ids are left out. */
  decode(ids: Iterable<number>): string {
    const tokens = Array.from(ids, (id) => this.tokens[id]).filter((token) => token !== undefined);
    return tokens.length === 0 ? "" : this.bounded(tokens.join(""), () => this.textOf(tokens));
  }

  /** Runs the file's steps on a text; any error is attributed to the file or the text. */
  private bounded<T>(text: string, steps: () => T): T {
    if (this.endless) throw this.endless;
    if (text.length > longestText)
      throw errorAt(
        { file: this.file },
        `${quote(text)} has ${text.length} characters; at most ${longestText} can be tokens`,
      );
    const seconds = Math.ceil(patience.least + patience.perCharacter * text.length);
    try {
      return this.isWatched ? withinSeconds(seconds, steps) : steps();
    } catch (error) {
      if (error instanceof TimeLimitError) {
        const found = `a regular expression that takes more than ${seconds} s on ${quote(text)}`;
        throw (this.endless = inputError(
          { file: this.file },
          found,
          "one that ends; repetitions within repetitions, as in (a+)+, do not",
        ));
      }
      if (error instanceof InputError && error.message.startsWith(this.file)) throw error;
      throw errorAt(
        { file: this.file },
        `cannot be applied to the text ${quote(text)} (${(error as Error).message})`,
        error,
      );
    }
  }

  private knownId(token: string, text: string): number {
    const id = this.ids.get(token);
    if (id === undefined) {
      throw inputError(
        { file: this.file },
        `no token for what is unknown in ${quote(text)}`,
        "an unk_token of the vocabulary",
      );
    }
    return id;
  }
}

function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, "\ufffd");
}
