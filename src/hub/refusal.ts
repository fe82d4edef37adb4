import { errorAt, type InputError, quote } from "../base/errors.js";
import { addressOf, describeRepository, type RepositoryName } from "./repository-name.js";
import type { HubSettings } from "./settings.js";

/** The error for a refused request: what it means, and what to do. */
export function refusal(response: Response, repository: RepositoryName, { endpoint, token }: HubSettings): InputError {
  const place = { file: describeRepository(repository) };
  const page = `${endpoint}/${addressOf(repository)}`;
  const tokens = `${endpoint}/settings/tokens`;
  const { status } = response;
  const code = response.headers.get("x-error-code");
  if (code === "GatedRepo") {
    return token
      ? errorAt(place, `gated repository; accept its terms at ${page} with the account of HF_TOKEN`)
      : errorAt(
          place,
          `gated repository; accept its terms at ${page} and put a token of that account (${tokens}) into HF_TOKEN`,
        );
  }
  if (code === "RevisionNotFound") {
    return errorAt(place, `no revision ${quote(repository.revision)}; give a branch, tag or commit of ${page}`);
  }
  if (code === "EntryNotFound") return errorAt(place, `the file no longer exists; see ${page}`);
  if (status === 401 && token && code !== "RepoNotFound") {
    return errorAt(
      place,
      `the hub rejected the token in HF_TOKEN; create one at ${tokens}, or unset it for public repositories`,
    );
  }
  if (status === 401 || status === 404) {
    const access = token ? "and that this token may read it" : "and set HF_TOKEN if it is private";
    return errorAt(
      place,
      `no such ${repository.type} on ${endpoint}, and no such local path; check the name (org/name), ${access}`,
    );
  }
  if (status === 429) {
    const more = token ? "" : "; the hub allows more requests with a token (HF_TOKEN)";
    return errorAt(place, `rate limit of the hub reached (status 429); try again ${later(response)}${more}`);
  }
  if (status >= 500)
    return errorAt(place, `server error of ${endpoint} (status ${status}); try again ${later(response)}`);
  if (status === 416) return errorAt(place, "the server's file is shorter than the hub lists; try again later");
  const message = token
    ? response.headers.get("x-error-message")?.replaceAll(token, "…")
    : response.headers.get("x-error-message");
  return errorAt(
    place,
    `${new URL(response.url).host} returned status ${status}${message ? ` (${message})` : ""}; check that you have access to ${page}`,
  );
}

function later(response: Response): string {
  const seconds = askedWait(response);
  return seconds === undefined ? "later" : `in ${seconds} s`;
}

/** Seconds that the hub asks to wait: `Retry-After`, or the rest of its rate limit's window. */
export function askedWait({ headers }: Response): number | undefined {
  const text = headers.get("retry-after") ?? /;\s*t=(\d+)/.exec(headers.get("ratelimit") ?? "")?.[1];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}
