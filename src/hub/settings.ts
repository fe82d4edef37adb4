import { getHFHubCachePath } from "@huggingface/hub";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { errorAt, InputError } from "../base/errors.js";
import { quoteAddress } from "../base/quote-address.js";
import { serverUrl } from "../base/requests/server-address.js";

/** Address, token and cache of the hub. */
export interface HubSettings {
  /** Address, without a trailing slash. */
  readonly endpoint: string;
  readonly token: string | undefined;
  /** The user's cache, shared with Python's `huggingface_hub`. */
  readonly cache: string;
  /** Whether to use only the cache. */
  readonly offline: boolean;
}

/**
 * The settings from the environment, under the names that Python's `huggingface_hub` reads:
 *
 * - `HF_ENDPOINT`: the hub, or a mirror; default `https://huggingface.co`
 * - `HF_TOKEN` or the file `HF_TOKEN_PATH`, default `token` in `HF_HOME` (where `hf auth login` puts it)
 * - `HF_HUB_CACHE`, default `hub` in `HF_HOME`, default `huggingface` in `XDG_CACHE_HOME`, default `~/.cache`
 * - `HF_HUB_OFFLINE`: 1, on, yes or true
 *
 * @throws InputError if the address or the token is malformed; the message does not contain the token
 */
export async function hubSettings(): Promise<HubSettings> {
  const endpoint = (process.env["HF_ENDPOINT"] || "https://huggingface.co").replace(/\/+$/, "");
  if (!serverUrl(endpoint)) {
    throw new InputError(
      `HF_ENDPOINT: found ${quoteAddress(endpoint)}, expected the address of a hub without a user, password, query or fragment, such as https://huggingface.co`,
    );
  }
  const cache = atHome(getHFHubCachePath());
  const offline = /^(1|on|yes|true)$/i.test(process.env["HF_HUB_OFFLINE"] ?? "");
  return { endpoint, cache, offline, token: offline ? undefined : await readToken() };
}

async function readToken(): Promise<string | undefined> {
  const given = process.env["HF_TOKEN"] || process.env["HUGGING_FACE_HUB_TOKEN"];
  const path = atHome(process.env["HF_TOKEN_PATH"] || join(hubHome(), "token"));
  const text = given ?? (await readFile(path, "utf8").catch(() => ""));
  const token = text.trim();
  // Such a token cannot be sent, and the error from trying would quote it.
  if (/[^\x21-\x7e]/.test(token)) {
    throw errorAt(
      { file: given ? "HF_TOKEN" : path },
      "not a token (it contains spaces or special characters); set it to hf_… alone",
    );
  }
  return token || undefined;
}

/** `HF_HOME`, which holds the cache and the token. */
function hubHome(): string {
  const cacheHome = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  return process.env["HF_HOME"] ?? join(cacheHome, "huggingface");
}

/** Expands `~` as a shell would. */
function atHome(path: string): string {
  return path.replace(/^~(?=[/\\]|$)/, () => homedir());
}
