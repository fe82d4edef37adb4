import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { writeJson } from "../../base/files.js";

/** A cached answer. */
export interface KeptAnswer {
  readonly judge: string;
  readonly answer: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/**
 * Answers on disk, one file each, named by the hash of the whole question: model, settings, and the prompt file's text
 * with the responses filled in. The same question is never paid for twice, even across interrupted runs. The files
 * contain neither API keys nor the text of the questions.
 */
export class AnswerCache {
  constructor(readonly folder: string) {}

  /** The key of a question: SHA-256 of its JSON. */
  static key(question: Readonly<Record<string, unknown>>): string {
    return createHash("sha256").update(JSON.stringify(question)).digest("hex");
  }

  async has(key: string): Promise<boolean> {
    return (await stat(this.file(key)).catch(() => undefined)) !== undefined;
  }

  /** The cached answer; undefined if there is none or its file is damaged, so that the question is asked again. */
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
