import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { isMissing, writeJson } from "../../base/files.js";
import { parseForeignJson } from "../../base/json.js";

const keptAnswer = z.object({
  judge: z.string(),
  answer: z.string(),
  inputTokens: z.number(),
  outputTokens: z.number(),
});

/** A cached answer. */
export type KeptAnswer = Readonly<z.infer<typeof keptAnswer>>;

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
      return keptAnswer.safeParse(parseForeignJson(await readFile(this.file(key), "utf8"))).data;
    } catch (error) {
      if (error instanceof SyntaxError || isMissing(error)) return undefined;
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
