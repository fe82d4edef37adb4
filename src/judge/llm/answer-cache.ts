import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { writeJson } from "../../base/files.js";

/** An answer that was paid for. */
export interface KeptAnswer {
  readonly judge: string;
  readonly answer: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/**
 * Answers on disk, one file each, named by the hash of everything that was asked: model, settings, the prompt file's
 * text with the responses in it. What is the same is never paid for twice, also across interrupted runs; what is
 * changed is another question. Neither keys nor the texts that were asked are in it.
 */
export class AnswerCache {
  constructor(readonly folder: string) {}

  /** The name of a question: SHA-256 of its JSON. */
  static key(question: Readonly<Record<string, unknown>>): string {
    return createHash("sha256").update(JSON.stringify(question)).digest("hex");
  }

  async has(key: string): Promise<boolean> {
    return (await stat(this.file(key)).catch(() => undefined)) !== undefined;
  }

  /** The kept answer; undefined where there is none or its file is damaged, so that it is asked for again. */
  async read(key: string): Promise<KeptAnswer | undefined> {
    try {
      return JSON.parse(await readFile(this.file(key), "utf8")) as KeptAnswer;
    } catch (error) {
      if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }

  async keep(key: string, answer: KeptAnswer): Promise<void> {
    await writeJson(this.file(key), answer);
  }

  private file(key: string): string {
    return join(this.folder, key.slice(0, 2), `${key}.json`);
  }
}
