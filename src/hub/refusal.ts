import { inputError, quote, type InputError } from "../base/errors.js";
import { addressOf, describeRepository, type RepositoryName } from "./repository-name.js";
import type { HubSettings } from "./settings.js";

/** What a failed answer of the hub means to the user, and what to do. */
export function refusal(response: Response, repository: RepositoryName, { endpoint, token }: HubSettings): InputError {
  const place = { file: describeRepository(repository) };
  const page = `${endpoint}/${addressOf(repository)}`;
  const tokens = `${endpoint}/settings/tokens`;
  const { status } = response;
  const code = response.headers.get("x-error-code");
  if (code === "GatedRepo") {
    return token
      ? inputError(place, "a gated repository that this token may not read", `its terms accepted at ${page} by the account of HF_TOKEN`)
      : inputError(place, "a gated repository and no token", `its terms accepted at ${page}, and a token of that account (${tokens}) in HF_TOKEN`);
  }
  if (code === "RevisionNotFound") {
    return inputError(place, `no revision ${quote(repository.revision)}`, `a branch, a tag or a commit of ${page}`);
  }
  if (code === "EntryNotFound") return inputError(place, "no such file any more", `those that ${page} lists`);
  if (status === 401 && token && code !== "RepoNotFound") {
    return inputError(place, "a token that the hub does not take", `one of ${tokens} in HF_TOKEN, or none for what is public`);
  }
  if (status === 401 || status === 404) {
    const access = token ? "one that this token may read" : "with a token in HF_TOKEN where it is private";
    return inputError(place, `no such ${repository.type} on ${endpoint}, nor a path here`, `the name as the hub writes it (org/name), ${access}`);
  }
  if (status === 429) {
    const more = token ? "" : "; with a token (HF_TOKEN) the hub allows more";
    return inputError(place, "the hub's limit of requests (status 429)", `another try ${later(response)}${more}`);
  }
  if (status >= 500) return inputError(place, `a fault of ${endpoint} (status ${status})`, `another try ${later(response)}`);
  if (status === 416) return inputError(place, "a file that ends too early", "the length that the hub lists");
  const message = token ? response.headers.get("x-error-message")?.replaceAll(token, "…") : response.headers.get("x-error-message");
  return inputError(place, `status ${status}${message ? ` (${message})` : ""} from ${new URL(response.url).host}`, `access to ${page}`);
}

function later(response: Response): string {
  const seconds = askedWait(response);
  return seconds === undefined ? "later" : `in ${seconds} s`;
}

/** Seconds that the hub asks to wait: `Retry-After`, or what is left of the window of its rate limit. */
export function askedWait({ headers }: Response): number | undefined {
  const text = headers.get("retry-after") ?? /;\s*t=(\d+)/.exec(headers.get("ratelimit") ?? "")?.[1];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}
