import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { emptyFolder } from "./folder.js";
import { HubUploads } from "./hub-uploads.js";

/** Contents of a test hub under `org/name` or `datasets/org/name`. */
export interface Held {
  /** File contents by path, for each revision; one revision is `main`. */
  readonly revisions: Readonly<Record<string, Readonly<Record<string, string | Buffer>>>>;
  readonly card?: unknown;
  /** Whether files are served only to requests with the token. */
  readonly gated?: boolean;
  readonly private?: boolean;
  /** The commit of `main`. Default: {@link commitFor}. */
  readonly commit?: string;
}

/** A request as received. */
export interface Asked {
  readonly path: string;
  readonly host: string;
  readonly token: string | undefined;
  readonly range: string | undefined;
}

/** Handles a request in place of the hub; returns false to leave it to the hub. */
type Fault = (asked: Asked, response: ServerResponse, content: Buffer | undefined) => boolean;

/** Large files, which the hub serves from another host. */
const isLarge = (path: string) => /\.(?:safetensors|parquet|gz)$/.test(path);

export const goodToken = "hf_good";
/** A token with the same read access as the good one, and no write access. */
export const readToken = "hf_read";

/**
 * A test hub with the real hub's formats: the commit of a revision, a paginated list of files, and the files, with the
 * large ones on another host ("CDN"). Until the test ends, the environment names it and an empty cache.
 */
export class HubServer {
  readonly asked: Asked[] = [];
  /** Tried in order on each request. */
  readonly faults: Fault[] = [];

  readonly uploads = new HubUploads(() => address(this.cdn), isLarge);

  /** The hub's address, which stays the same after it has stopped. */
  endpoint = "";

  private constructor(
    private readonly held: Map<string, Held>,
    readonly cache: string,
    private readonly hub: Server,
    private readonly cdn: Server,
  ) {}

  static async start(test: TestContext, held: Readonly<Record<string, Held>>): Promise<HubServer> {
    const folder = emptyFolder(test);
    const servers = [createServer(), createServer()] as const;
    const hub = new HubServer(new Map(Object.entries(held)), folder, ...servers);
    for (const server of servers) {
      server.on("request", (request, response) => {
        const parts: Buffer[] = [];
        request.on("data", (part: Buffer) => parts.push(part));
        request.on("end", () => hub.answer(server, request, response, Buffer.concat(parts)));
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    }
    test.after(() => hub.stop());
    hub.endpoint = address(hub.hub);
    const names = { HF_ENDPOINT: hub.endpoint, HF_HUB_CACHE: folder, HF_HOME: `${folder}/home` };
    const unset = [
      "HF_TOKEN",
      "HF_TOKEN_PATH",
      "HUGGING_FACE_HUB_TOKEN",
      "HUGGINGFACE_HUB_CACHE",
      "HF_HUB_OFFLINE",
      "XDG_CACHE_HOME",
    ];
    const before = { ...process.env };
    Object.assign(process.env, names);
    for (const name of unset) delete process.env[name];
    test.after(() => {
      for (const name of [...Object.keys(names), ...unset]) {
        if (before[name] === undefined) delete process.env[name];
        else process.env[name] = before[name];
      }
    });
    return hub;
  }

  async stop(): Promise<void> {
    for (const server of [this.hub, this.cdn]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  /** Requested paths, without their queries. */
  get paths(): string[] {
    return this.asked.map(({ path }) => path.replace(/\?.*/, ""));
  }

  put(name: string, held: Held): void {
    this.held.set(name, held);
  }

  /** Makes the next `times` requests with `text` in their path fail in this way. */
  fail(
    text: string,
    times: number,
    how: (response: ServerResponse, content: Buffer | undefined, asked: Asked) => void,
  ): void {
    let left = times;
    this.faults.push((asked, response, content) => {
      if (left === 0 || !asked.path.includes(text)) return false;
      left--;
      how(response, content, asked);
      return true;
    });
  }

  private answer(server: Server, request: IncomingMessage, response: ServerResponse, body: Buffer): void {
    const { pathname, searchParams } = new URL(request.url!, "http://any");
    const asked: Asked = {
      path: decodeURIComponent(request.url!),
      host: server === this.hub ? "hub" : "cdn",
      token: request.headers.authorization?.replace("Bearer ", ""),
      range: request.headers.range,
    };
    this.asked.push(asked);
    const [, rest, kind, revision, path] =
      /^\/(?:cdn\/|api\/models\/|api\/(?=datasets\/))?((?:datasets\/)?[^/]+\/[^/]+)\/(revision|tree|resolve)\/([^/]+)\/?(.*)$/.exec(
        pathname,
      ) ?? [];
    const name = rest ?? "";
    const found = this.held.get(name) ?? this.uploads.held(name);
    const commit = found && commitOf(found, name, decodeURIComponent(revision ?? ""));
    const files = commit && found.revisions[commit.revision]!;
    const file = files?.[decodeURIComponent(path ?? "")];
    const content = file === undefined ? undefined : Buffer.from(file);
    if (this.faults.some((fault) => fault(asked, response, content))) return;

    if (asked.host === "hub" && asked.token !== undefined && asked.token !== goodToken && asked.token !== readToken) {
      return refuse(response, 401, undefined, "Invalid credentials in Authorization header");
    }
    if (request.method === "PUT") return void response.writeHead(this.uploads.receive({ path: pathname, body })).end();
    if (request.method === "POST") {
      const [code, written] =
        asked.token === goodToken
          ? (this.uploads.answer({ path: pathname, body }) ?? [404, {}])
          : [403, { error: "Forbidden" }];
      return json(response, written, {}, code);
    }
    const knows = asked.token !== undefined || asked.host === "cdn";
    if (!found || (found.private && !knows))
      return refuse(response, asked.token ? 404 : 401, "RepoNotFound", "Repository not found");
    if (!commit) return refuse(response, 404, "RevisionNotFound", `Invalid rev id: ${revision}`);
    if (kind === "revision") {
      const info = {
        _id: "1",
        id: name.replace("datasets/", ""),
        sha: commit.hash,
        cardData: found.card,
        private: found.private ?? false,
        lastModified: "2024-01-01T00:00:00.000Z",
      };
      return json(response, info);
    }
    if (kind === "tree") return this.list(response, pathname, files!, Number(searchParams.get("cursor") ?? 0));
    if (found.gated && !knows)
      return refuse(response, asked.token ? 403 : 401, "GatedRepo", "Access to this repository is restricted");
    if (content === undefined) return refuse(response, 404, "EntryNotFound", "Entry not found");
    const etag = `"${digestOf(path!, content)}"`;
    if (isLarge(path!) && asked.host === "hub") {
      const linked = { "x-repo-commit": commit.hash, "x-linked-etag": etag, "x-linked-size": content.length };
      response.writeHead(302, { ...linked, location: `${address(this.cdn)}/cdn${request.url}` }).end();
      return;
    }
    give(response, content, { "x-repo-commit": commit.hash, etag }, asked.range, request.method);
  }

  /** Two entries per page. */
  private list(
    response: ServerResponse,
    pathname: string,
    files: Readonly<Record<string, string | Buffer>>,
    from: number,
  ): void {
    const folders = new Set(
      Object.keys(files).flatMap((path) => (path.includes("/") ? [path.slice(0, path.lastIndexOf("/"))] : [])),
    );
    const entries = [
      ...[...folders].map((path) => ({ type: "directory", path, size: 0, oid: "0".repeat(40) })),
      ...Object.entries(files).map(([path, text]) => {
        const content = Buffer.from(text);
        const oid = digestOf(path, content);
        const lfs = isLarge(path) && { lfs: { oid, size: content.length, pointerSize: 130 } };
        return {
          type: "file",
          path,
          size: content.length,
          oid: isLarge(path) ? gitDigest(Buffer.from(oid)) : oid,
          ...lfs,
        };
      }),
    ];
    const next = `<${this.endpoint}${pathname}?recursive=true&cursor=${from + 2}>; rel="next"`;
    json(response, entries.slice(from, from + 2), from + 2 < entries.length ? { link: next } : {});
  }
}

/** Sends a content, or the requested range of it. */
export function give(
  response: ServerResponse,
  content: Buffer,
  headers: Record<string, string>,
  range?: string,
  method = "GET",
): void {
  const from = Number(/^bytes=(\d+)-/.exec(range ?? "")?.[1] ?? 0);
  if (from > 0 && from >= content.length) {
    response.writeHead(416).end();
    return;
  }
  const part = content.subarray(from);
  const length = {
    "content-length": part.length,
    ...(range && { "content-range": `bytes ${from}-${content.length - 1}/${content.length}` }),
  };
  response.writeHead(range ? 206 : 200, { ...headers, ...length });
  response.end(method === "HEAD" ? undefined : part);
}

/** Sends this many bytes of the requested content and breaks the connection. */
export function cutAfter(bytes: number): (response: ServerResponse, content: Buffer | undefined, asked: Asked) => void {
  return (response, content, { range }) => {
    const from = Number(/^bytes=(\d+)-/.exec(range ?? "")?.[1] ?? 0);
    const length = content!.length - from;
    const place = range && { "content-range": `bytes ${from}-${content!.length - 1}/${content!.length}` };
    response.writeHead(range ? 206 : 200, { "content-length": length, ...place });
    response.write(content!.subarray(from, from + bytes), () => setTimeout(() => response.destroy(), 20));
  };
}

/** Answers with only a status and headers. */
export function status(code: number, headers: Record<string, string> = {}): (response: ServerResponse) => void {
  return (response) => response.writeHead(code, headers).end();
}

/** The commit of a revision on the test hub. */
export function commitFor(name: string, revision: string): string {
  return createHash("sha1").update(`${name}@${revision}`).digest("hex");
}

/** The hub's digest of a file: SHA-256 for a large one, git's for others. */
export function digestOf(path: string, content: string | Buffer): string {
  return isLarge(path) ? createHash("sha256").update(content).digest("hex") : gitDigest(Buffer.from(content));
}

function gitDigest(content: Buffer): string {
  return createHash("sha1").update(`blob ${content.length}\0`).update(content).digest("hex");
}

function commitOf(held: Held, name: string, wanted: string): { revision: string; hash: string } | undefined {
  const hashOf = (revision: string) => (revision === "main" ? held.commit : undefined) ?? commitFor(name, revision);
  const revision = Object.keys(held.revisions).find((own) => own === wanted || hashOf(own) === wanted);
  return revision === undefined ? undefined : { revision, hash: hashOf(revision) };
}

function address(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function json(response: ServerResponse, value: unknown, headers: Record<string, string> = {}, code = 200): void {
  response.writeHead(code, { "content-type": "application/json", ...headers }).end(JSON.stringify(value));
}

function refuse(response: ServerResponse, code: number, errorCode: string | undefined, message: string): void {
  const headers = {
    "content-type": "application/json",
    "x-error-message": message,
    ...(errorCode && { "x-error-code": errorCode }),
  };
  response.writeHead(code, headers).end(JSON.stringify({ error: message }));
}
