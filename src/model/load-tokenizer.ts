import { access } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { inputError, quote } from "../base/errors.js";
import { compileChatTemplate, dialogueTemplate, type RenderPrompt } from "./chat-template.js";
import type { Message } from "./chat.js";
import { asInputError, isMissing, parseJson, readText } from "./read-json.js";
import { TokenizerJson } from "./tokenizer-json/tokenizer-json.js";
import type { Tokenizer } from "./tokenizer.js";

/** The files of a tokenizer in Hugging Face layout; the first two are required. */
export const tokenizerFileNames = [
  "tokenizer.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "chat_template.jinja",
] as const;

/** A token is written as its text, or as an object with its text. */
const tokenText = z
  .union([z.string(), z.looseObject({ content: z.string() }).transform(({ content }) => content)], {
    error: "expected the token's text",
  })
  .nullish();
const specialTokensShape = { bos_token: tokenText, eos_token: tokenText, pad_token: tokenText, unk_token: tokenText };
const specialTokensSchema = z.looseObject(specialTokensShape);
const configSchema = z.looseObject({
  ...specialTokensShape,
  add_bos_token: z.boolean().nullish(),
  split_special_tokens: z.boolean().nullish(),
  chat_template: z
    .union([z.string(), z.array(z.looseObject({ name: z.string(), template: z.string() }))], {
      error: "expected a template, or a list of named templates",
    })
    .nullish(),
});

/**
 * Loads the tokenizer of a model folder; see {@link tokenizerFromFiles}.
 *
 * @throws InputError where the folder has no `tokenizer.json` or `tokenizer_config.json`, or they do not fit
 */
export async function loadTokenizer(folder: string): Promise<Tokenizer> {
  const files = new Map<string, string>();
  for (const name of tokenizerFileNames) {
    const path = join(folder, name);
    if (await exists(path)) files.set(name, await readText(path, "a tokenizer file"));
  }
  return tokenizerFromFiles(files, folder);
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
 * A tokenizer from the text of its files.
 *
 * - Special tokens written out in a text become their ids, as in transformers, because a chat template writes them
 *   so; where `tokenizer_config.json` has `split_special_tokens: true` they stay plain text.
 * - A prompt gets a BOS where `add_bos_token` is true, or where it is not given and the post-processor of
 *   `tokenizer.json` adds one. A BOS that the chat template writes as well is left out of the rendered text.
 * - Without a pad token, EOS pads. Without a chat template, a conversation is written as {@link dialogueTemplate}.
 * - Decoding does not clean up spaces; ids that the tokenizer does not have are left out.
 *
 * @param files text by file name; the names are {@link tokenizerFileNames}
 * @param folder where the files lie, for the errors
 * @throws InputError where a file is missing or does not fit, or no EOS is given
 */
export function tokenizerFromFiles(files: ReadonlyMap<string, string>, folder = ""): Tokenizer {
  return new FilesTokenizer(files, folder);
}

class FilesTokenizer implements Tokenizer {
  readonly vocabSize: number;
  readonly bosId: number | undefined;
  readonly eosId: number;
  readonly padId: number;
  private readonly json: TokenizerJson;
  private readonly specialIds: ReadonlySet<number>;
  private readonly render: RenderPrompt;
  /** What a rendered conversation begins with where the template writes the BOS that `bosId` stands for. */
  private readonly bosText: string;
  private readonly templateFile: string;

  constructor(
    readonly files: ReadonlyMap<string, string>,
    folder: string,
  ) {
    const tokenizerFile = join(folder, "tokenizer.json");
    const configFile = join(folder, "tokenizer_config.json");
    this.templateFile = files.has("chat_template.jinja") ? join(folder, "chat_template.jinja") : configFile;
    const json = requireFile(files, "tokenizer.json", folder);
    const config = parseJson(requireFile(files, "tokenizer_config.json", folder), configSchema, configFile);
    const fallback = parseJson(
      files.get("special_tokens_map.json") ?? "{}",
      specialTokensSchema,
      join(folder, "special_tokens_map.json"),
    );
    const specialTokens = presentTexts({
      bos_token: config.bos_token ?? fallback.bos_token,
      eos_token: config.eos_token ?? fallback.eos_token,
      pad_token: config.pad_token ?? fallback.pad_token,
      unk_token: config.unk_token ?? fallback.unk_token,
    });

    this.json = new TokenizerJson(json, tokenizerFile, { splitSpecial: config.split_special_tokens ?? false });
    const idOf = (name: string): number | undefined => {
      const text = specialTokens[name];
      if (text === undefined) return undefined;
      const id = this.json.idOf(text);
      if (id === undefined) {
        throw inputError({ file: configFile }, `${name} = ${quote(text)}`, "a token of tokenizer.json");
      }
      return id;
    };
    const eosId = idOf("eos_token");
    if (eosId === undefined) {
      throw inputError({ file: configFile }, "no eos_token", "the token that ends a response");
    }
    const bosId = idOf("bos_token");
    const addsBos = config.add_bos_token ?? (bosId !== undefined && this.json.idOf(this.json.surroundings.before[0] ?? "") === bosId);
    if (addsBos && bosId === undefined) {
      throw inputError({ file: configFile }, "add_bos_token without bos_token", "the token to add");
    }

    this.eosId = eosId;
    this.bosId = addsBos ? bosId : undefined;
    this.bosText = addsBos ? specialTokens["bos_token"]! : "";
    this.padId = idOf("pad_token") ?? eosId;
    this.vocabSize = this.json.vocabSize;
    const special = this.json.addedTokens.filter((token) => token.special);
    this.specialIds = new Set([...special.map(({ id }) => id), eosId, this.padId, bosId ?? eosId]);
    const source = files.get("chat_template.jinja") ?? defaultTemplate(config.chat_template, configFile);
    try {
      this.render = compileChatTemplate(source, specialTokens);
    } catch (error) {
      throw asInputError(error, this.templateFile, "a chat template that does not parse", "a Jinja template");
    }
  }

  encode(text: string): number[] {
    return this.json.encode(text);
  }

  decode(ids: Iterable<number>): string {
    return this.json.decode([...ids].filter((id) => !this.specialIds.has(id)));
  }

  renderPrompt(messages: readonly Message[]): string {
    let text: string;
    try {
      text = this.render(messages);
    } catch (error) {
      const roles = messages.map(({ role }) => role).join(", ");
      throw asInputError(error, this.templateFile, `turns (${roles}) that the chat template refuses`, "turns that it takes");
    }
    return text.startsWith(this.bosText) ? text.slice(this.bosText.length) : text;
  }
}

function requireFile(files: ReadonlyMap<string, string>, name: string, folder: string): string {
  const text = files.get(name);
  if (text === undefined) {
    throw inputError({ file: join(folder, name) }, "no such file", "a tokenizer in Hugging Face layout");
  }
  return text;
}

function presentTexts(texts: Record<string, string | null | undefined>): Record<string, string> {
  const isPresent = (entry: [string, unknown]): entry is [string, string] => typeof entry[1] === "string";
  return Object.fromEntries(Object.entries(texts).filter(isPresent));
}

function defaultTemplate(
  template: string | readonly { name: string; template: string }[] | null | undefined,
  file: string,
): string {
  if (template === null || template === undefined) return dialogueTemplate;
  if (typeof template === "string") return template;
  const named = template.find(({ name }) => name === "default");
  if (named === undefined) {
    const names = template.map(({ name }) => quote(name)).join(", ");
    throw inputError({ file }, `chat templates ${names}`, 'one named "default"');
  }
  return named.template;
}
