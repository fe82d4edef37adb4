import { access } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { inputError, quote } from "../../base/errors.js";
import { isMissing } from "../../base/files.js";
import { asInputError, parseJson, readText } from "../../base/read-json.js";
import type { Message } from "./chat/chat.js";
import { compileChatTemplate } from "./chat/chat-template.js";
import { ConversationFormat } from "./chat/conversation-format.js";
import type { RenderedPrompt, Tokenizer } from "./tokenizer.js";
import { parseTokenizerConfig, requireFile, type TokenizerConfig } from "./tokenizer-config.js";
import { TokenizerJson } from "./tokenizer-json/tokenizer-json.js";

/** The files of a tokenizer in Hugging Face layout; the first two are required. */
export const tokenizerFileNames = [
  "tokenizer.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "chat_template.jinja",
] as const;

const stopsSchema = z.looseObject({
  eos_token_id: z
    .union(
      [
        z
          .int()
          .nonnegative()
          .transform((id) => [id]),
        z.array(z.int().nonnegative()),
      ],
      { error: "expected an id, or a list of ids" },
    )
    .nullish(),
});

/**
 * Loads the tokenizer of a model folder; see {@link tokenizerFromFiles}. Also reads the ids that end a response from
 * `eos_token_id` of its `generation_config.json`, or else of its `config.json`.
 *
 * @throws InputError if the folder has no `tokenizer.json` or `tokenizer_config.json`, or a file is invalid
 */
export async function loadTokenizer(folder: string): Promise<Tokenizer> {
  const files = new Map<string, string>();
  for (const name of tokenizerFileNames) {
    const path = join(folder, name);
    if (await exists(path)) files.set(name, await readText(path, "a tokenizer file"));
  }
  return tokenizerFromFiles(files, folder, await readStops(folder));
}

async function readStops(folder: string): Promise<readonly number[]> {
  for (const name of ["generation_config.json", "config.json"]) {
    const path = join(folder, name);
    if (!(await exists(path))) continue;
    const { eos_token_id: stops } = parseJson(await readText(path, "a model's file"), stopsSchema, path);
    if (stops) return stops;
  }
  return [];
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (!isMissing(error)) throw error;
    return false;
  }
}

/**
 * Creates a tokenizer from the text of its files.
 *
 * - Special tokens written in a text become their ids, whoever wrote them, as in transformers and TRL, because chat templates
 *   write them that way. With `split_special_tokens: true` in `tokenizer_config.json` they stay plain text, even those from a
 *   chat template.
 * - A text prompt gets a BOS if `add_bos_token` is true, or if it is absent and the post-processor of `tokenizer.json` adds one.
 *   A conversation gets one if the chat template writes it, as in transformers; if special tokens stay plain text, a template
 *   cannot write one, and a conversation follows the rule for text. Neither gets two.
 * - `add_eos_token` has no effect: a response ends with exactly one end token, a prompt with none.
 * - Without a pad token, EOS pads.
 * - Decoding does not clean up spaces; ids that the tokenizer does not have are left out.
 *
 * @param files text by file name; the names are {@link tokenizerFileNames}
 * @param folder the files' folder, for the errors
 * @param stops ids that end a response, besides the EOS and the token with which the chat template ends a turn
 * @throws InputError if a file is missing or invalid, or no EOS is given; rendering a conversation throws if there is no chat
 *   template
 */
export function tokenizerFromFiles(
  files: ReadonlyMap<string, string>,
  folder = "",
  stops: readonly number[] = [],
): Tokenizer {
  return new FilesTokenizer(files, folder, stops);
}

/** Whether a tokenizer's files include a chat template, which is applied to conversations and not to texts. */
export function hasChatTemplate({ files }: Tokenizer): boolean {
  return files.has("tokenizer_config.json") && parseTokenizerConfig(files, "").chatTemplate !== undefined;
}

class FilesTokenizer implements Tokenizer {
  readonly vocabSize: number;
  readonly bosId: number | undefined;
  readonly eosId: number;
  readonly padId: number;
  readonly unkId: number | undefined;
  readonly stopIds: readonly number[];
  private readonly json: TokenizerJson;
  private readonly config: TokenizerConfig;
  /** Text of the `bosId` token; empty if there is none. */
  private readonly bosText: string;
  private readonly format: ConversationFormat | undefined;
  private readonly unreadIds: ReadonlySet<number>;

  constructor(
    readonly files: ReadonlyMap<string, string>,
    folder: string,
    stops: readonly number[],
  ) {
    const json = requireFile(files, "tokenizer.json", folder);
    this.config = parseTokenizerConfig(files, folder);
    this.json = new TokenizerJson(json, join(folder, "tokenizer.json"), { splitSpecial: this.config.splitsSpecial });
    this.vocabSize = this.json.vocabSize;

    const eosId = this.idOf("eos_token");
    if (eosId === undefined)
      throw inputError({ file: this.config.file }, "no eos_token", "the token that ends a response");
    const bosId = this.idOf("bos_token");
    const addsBos = (this.config.addsBos ?? this.isPutBefore(bosId)) && bosId !== undefined;
    this.eosId = eosId;
    this.bosId = addsBos ? bosId : undefined;
    this.bosText = addsBos ? this.config.specialTokens["bos_token"]! : "";
    this.padId = this.idOf("pad_token") ?? eosId;

    this.format = this.compileFormat();
    const turnEnd = this.format?.endToken;
    this.stopIds = [...new Set([eosId, ...stops, ...(turnEnd === undefined ? [] : [this.json.idOf(turnEnd)!])])];
    const { unknownId } = this.json;
    // GPT-2's files name the EOS as the unknown token, which then says nothing about the text.
    this.unkId = [bosId, ...this.stopIds].includes(unknownId) ? undefined : unknownId;
    const special = this.json.addedTokens.filter((token) => token.special).map(({ id }) => id);
    this.unreadIds = new Set([...special, ...this.stopIds, this.padId, bosId ?? eosId]);
  }

  private idOf(name: string): number | undefined {
    const text = this.config.specialTokens[name];
    if (text === undefined) return undefined;
    const id = this.json.idOf(text);
    if (id === undefined) {
      throw inputError({ file: this.config.file }, `${name} = ${quote(text)}`, "a token of tokenizer.json");
    }
    return id;
  }

  /** Whether the post-processor puts the BOS before a text; it may put nothing else there. */
  private isPutBefore(bosId: number | undefined): boolean {
    const { before } = this.json.surroundings;
    if (before.length === 0) return false;
    if (before.length > 1 || this.json.idOf(before[0]!) !== bosId) {
      const found = `a post_processor of tokenizer.json that puts ${before.map((token) => quote(token)).join(", ")} before a text`;
      throw inputError(
        { file: this.config.file },
        found,
        "one that puts bos_token there, or nothing, or add_bos_token",
      );
    }
    return true;
  }

  private compileFormat(): ConversationFormat | undefined {
    const { chatTemplate, specialTokens } = this.config;
    if (chatTemplate === undefined) return undefined;
    const { source, file } = chatTemplate;
    try {
      const tokens = this.json.addedTokens.map(({ content }) => content);
      return new ConversationFormat(compileChatTemplate(source, specialTokens), tokens, file);
    } catch (error) {
      throw asInputError(error, file, "a chat template that does not parse", "a Jinja template");
    }
  }

  encode(text: string, before?: string): number[] {
    return this.json.encode(text, before);
  }

  decode(ids: Iterable<number>): string {
    return this.json.decode([...ids].filter((id) => !this.unreadIds.has(id)));
  }

  renderPrompt(messages: readonly Message[]): RenderedPrompt {
    const text = this.requireFormat().prompt(messages);
    const written = this.bosText !== "" && text.startsWith(this.bosText);
    const bos = written || this.config.splitsSpecial ? this.bosText : "";
    return { bos, text: written ? text.slice(bos.length) : text };
  }

  renderResponse(messages: readonly Message[], response: string): string {
    return this.requireFormat().response(messages, response);
  }

  private requireFormat(): ConversationFormat {
    if (this.format !== undefined) return this.format;
    const expected = "a chat_template there, or a file chat_template.jinja beside it, or prompts that are text";
    throw inputError({ file: this.config.file }, "no chat template for a conversation", expected);
  }
}
