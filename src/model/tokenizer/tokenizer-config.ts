import { join } from "node:path";
import { z } from "zod";
import { inputError, missingError, quote } from "../../base/errors.js";
import { parseJson } from "../../base/read-json.js";

/** Settings for using a tokenizer, from the files that accompany a `tokenizer.json`. */
export interface TokenizerConfig {
  /** The file with most of the settings, for the errors. */
  readonly file: string;
  /** Text of the special tokens by name (`bos_token`, …). */
  readonly specialTokens: Readonly<Record<string, string>>;
  /** Whether a text gets a BOS; if undefined, `tokenizer.json` decides. */
  readonly addsBos: boolean | undefined;
  /** Whether special tokens written in a text stay plain text. */
  readonly splitsSpecial: boolean;
  readonly chatTemplate: { readonly source: string; readonly file: string } | undefined;
}

/** A token is given as its text, or as an object containing its text. */
const tokenText = z
  .union([z.string(), z.looseObject({ content: z.string() }).transform(({ content }) => content)], {
    error: "expected the token's text",
  })
  .nullish();
const tokenNames = ["bos_token", "eos_token", "pad_token", "unk_token"] as const;
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
 * Reads `tokenizer_config.json`, and `special_tokens_map.json` and `chat_template.jinja` if they exist.
 *
 * @param files text by file name
 * @param folder the files' folder, for the errors
 * @throws InputError if a file is invalid
 */
export function parseTokenizerConfig(files: ReadonlyMap<string, string>, folder: string): TokenizerConfig {
  const file = join(folder, "tokenizer_config.json");
  const config = parseJson(requireFile(files, "tokenizer_config.json", folder), configSchema, file);
  const mapFile = join(folder, "special_tokens_map.json");
  const fallback = parseJson(files.get("special_tokens_map.json") ?? "{}", specialTokensSchema, mapFile);
  const texts = tokenNames.map((name) => [name, config[name] ?? fallback[name]] as const);
  return {
    file,
    specialTokens: Object.fromEntries(
      texts.filter((entry): entry is [(typeof entry)[0], string] => typeof entry[1] === "string"),
    ),
    addsBos: config.add_bos_token ?? undefined,
    splitsSpecial: config.split_special_tokens ?? false,
    chatTemplate: chatTemplate(files.get("chat_template.jinja"), config.chat_template, folder, file),
  };
}

/** @throws InputError if the file does not exist */
export function requireFile(files: ReadonlyMap<string, string>, name: string, folder: string): string {
  const text = files.get(name);
  if (text === undefined) {
    throw missingError(join(folder, name), "file", "expected a tokenizer in Hugging Face layout");
  }
  return text;
}

/** As in transformers, the file takes precedence over the field, and of several named templates the default is used. */
function chatTemplate(
  own: string | undefined,
  field: z.infer<typeof configSchema>["chat_template"],
  folder: string,
  file: string,
): TokenizerConfig["chatTemplate"] {
  if (own !== undefined) return { source: own, file: join(folder, "chat_template.jinja") };
  if (field === null || field === undefined) return undefined;
  if (typeof field === "string") return { source: field, file };
  const named = field.find(({ name }) => name === "default");
  if (named === undefined) {
    throw inputError(
      { file },
      `chat templates ${field.map(({ name }) => quote(name)).join(", ")}`,
      'one named "default"',
    );
  }
  return { source: named.template, file };
}
