import { createHash } from "node:crypto";
import type { Held } from "./hub-server.js";

/** A write request to a test hub. */
export interface HubWrite {
  readonly path: string;
  readonly body: Buffer;
}

/** A repository created on a test hub. */
interface HubRepository {
  readonly private: boolean;
  files: Readonly<Record<string, string | Buffer>>;
  commits: number;
}

type Answer = readonly [status: number, body: unknown];

/**
 * The upload side of a test hub, with the real hub's formats: a repository is created, its files are announced, the large
 * ones are sent to another host unless their digest is already there, and a commit names all of them.
 */
export class HubUploads {
  /** Large files by their digests, whether a commit names them or not. */
  readonly large = new Map<string, Buffer>();

  private readonly repositories = new Map<string, HubRepository>();

  constructor(
    private readonly cdn: () => string,
    private readonly isLarge: (path: string) => boolean,
  ) {}

  /** A repository as the hub's download side serves it. */
  held(name: string): Held | undefined {
    const found = this.repositories.get(name);
    return found && { revisions: { main: found.files }, private: found.private, commit: commitHash(name, found) };
  }

  /** Answers a write request to the hub's main host; undefined for any other request. */
  answer({ path, body }: HubWrite): Answer | undefined {
    if (path === "/api/repos/create") return this.create(JSON.parse(body.toString()));
    const [, name, verb] =
      /^\/(?:api\/models\/)?([^/]+\/[^/]+?)(?:\.git\/info\/lfs\/objects)?\/(preupload|batch|commit)(?:\/main)?$/.exec(
        path,
      ) ?? [];
    if (name === undefined) return undefined;
    const repository = this.repositories.get(name);
    if (!repository) return [404, { error: "Repository not found" }];
    if (verb === "preupload") return this.announce(JSON.parse(body.toString()));
    if (verb === "batch") return this.offer(JSON.parse(body.toString()));
    return this.commit(
      name,
      repository,
      body
        .toString()
        .split("\n")
        .map((line) => JSON.parse(line)),
    );
  }

  /** Receives a large file on the other host. */
  receive({ path, body }: HubWrite): number {
    const digest = path.split("/").at(-1)!;
    if (createHash("sha256").update(body).digest("hex") !== digest) return 400;
    this.large.set(digest, body);
    return 200;
  }

  private create({
    organization,
    name,
    visibility,
  }: {
    organization: string;
    name: string;
    visibility: string;
  }): Answer {
    const full = `${organization}/${name}`;
    if (organization !== "me")
      return [403, { error: "You don't have the rights to create a model under this namespace" }];
    this.repositories.set(full, { private: visibility === "private", files: { ".gitattributes": "" }, commits: 1 });
    return [200, { url: `https://hub/${full}`, id: full, name: full }];
  }

  private announce({ files }: { files: readonly { path: string }[] }): Answer {
    return [200, { files: files.map(({ path }) => ({ path, uploadMode: this.isLarge(path) ? "lfs" : "regular" })) }];
  }

  private offer({ objects }: { objects: readonly { oid: string; size: number }[] }): Answer {
    const upload = (oid: string) =>
      this.large.has(oid) ? {} : { actions: { upload: { href: `${this.cdn()}/upload/${oid}` } } };
    return [200, { transfer: "basic", objects: objects.map(({ oid, size }) => ({ oid, size, ...upload(oid) })) }];
  }

  private commit(name: string, repository: HubRepository, lines: readonly { key: string; value: any }[]): Answer {
    const files = { ...repository.files };
    for (const { key, value } of lines) {
      if (key === "file") files[value.path] = Buffer.from(value.content, "base64");
      if (key === "deletedFile") delete files[value.path];
      if (key !== "lfsFile") continue;
      const content = this.large.get(value.oid);
      if (!content) return [400, { error: `${value.path}: no such object` }];
      files[value.path] = content;
    }
    repository.files = files;
    repository.commits++;
    return [
      200,
      { commitOid: commitHash(name, repository), commitUrl: `https://hub/${name}/commit/${repository.commits}` },
    ];
  }
}

function commitHash(name: string, { commits }: HubRepository): string {
  return createHash("sha1").update(`${name} ${commits}`).digest("hex");
}
