import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeFileAtomic } from "../src/base/files.js";
import { loadModelOn } from "../src/cells/load-model.js";
import { loadPreferences } from "../src/data/load-preferences.js";
import { textsOf } from "../src/data/texts-of.js";
import { tokenizePairs, type TokenizedPair } from "../src/data/tokenize.js";
import { OnnxEngine } from "../src/engine/onnx/engine.js";
import { ProgramCache } from "../src/engine/program-cache.js";
import { openCheckpoint } from "../src/model/checkpoint/checkpoint.js";
import type { ModelConfig } from "../src/model/config.js";
import { loadAdapter, savePolicy } from "../src/model/policy/policy-files.js";
import { Policy } from "../src/model/policy/policy.js";
import { isPreset } from "../src/model/presets.js";
import { runForJson } from "./child.js";
import { pythonScript, pythonWith } from "./pytorch.js";

export interface TaskChoice {
  /** A preset, a checkpoint folder, a GGUF file or a name on the hub. */
  readonly model: string;
  readonly limit: number;
  /** Rank of an adapter on all linear layers; undefined if the whole model is trained. */
  readonly lora?: number | undefined;
  /** Maximum tokens of a prompt and a response; longer ones are cut. Default: the context length. */
  readonly maxLength?: number | undefined;
}

interface PairRow {
  readonly prompt_ids: readonly number[];
  readonly chosen_ids: readonly number[];
  readonly rejected_ids: readonly number[];
}

/** The same start and pairs for both sides, as files: `model/`, `adapter/` if there is one, and the tokenised `pairs.jsonl`. */
export class TrlTask {
  private constructor(
    readonly folder: string,
    readonly config: ModelConfig,
    readonly pairs: readonly TokenizedPair[],
  ) {}

  /** @param file preference pairs, of which the first `limit` are used */
  static async write(file: string, { model, limit, lora, maxLength }: TaskChoice): Promise<TrlTask> {
    const { pairs: given } = await loadPreferences(file, { limit });
    const engine = new OnnxEngine();
    const start = await loadModelOn(new ProgramCache(engine), model, {
      ...(isPreset(model) && { texts: () => textsOf(given), seed: 1 }),
      ...(lora !== undefined && { lora: { rank: lora } }),
    });
    const { contextLength } = start.config;
    const { pairs } = tokenizePairs(given, start.tokenizer, { contextLength, maxLength, truncatePrompts: true });
    const folder = await mkdtemp(join(tmpdir(), "sera-bench-"));
    await start.withoutAdapter().save(join(folder, "model"));
    if (lora !== undefined) await savePolicy(start, join(folder, "adapter"));
    await engine.close();
    const rows = pairs.map(
      ({ prompt, chosen, rejected }): PairRow => ({
        prompt_ids: [...prompt],
        chosen_ids: [...chosen],
        rejected_ids: [...rejected],
      }),
    );
    await writeFileAtomic(join(folder, "pairs.jsonl"), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
    return new TrlTask(folder, start.config, pairs);
  }

  /** Opens a task that was written. */
  static async open(folder: string): Promise<TrlTask> {
    const lines = (await readFile(join(folder, "pairs.jsonl"), "utf8")).trimEnd().split("\n");
    const pairs = lines.map((line, i) => {
      const { prompt_ids, chosen_ids, rejected_ids } = JSON.parse(line) as PairRow;
      const [prompt, chosen, rejected] = [prompt_ids, chosen_ids, rejected_ids].map((ids) => Int32Array.from(ids));
      return { id: `${i}`, prompt: prompt!, chosen: chosen!, rejected: rejected! };
    });
    const { config, weights } = await openCheckpoint(join(folder, "model"));
    await weights.close();
    return new TrlTask(folder, config, pairs);
  }

  /** Loads the start on an engine of its own. @param memory bytes to plan for */
  async load(memory?: number): Promise<{ engine: OnnxEngine; policy: Policy }> {
    const engine = new OnnxEngine();
    const programs = new ProgramCache(engine, memory);
    const [model, adapter] = [join(this.folder, "model"), join(this.folder, "adapter")];
    const policy = existsSync(adapter)
      ? await loadAdapter(await Policy.loadBase(programs, model), adapter)
      : await Policy.load(programs, model);
    return { engine, policy };
  }

  /** Runs a script in bench/python on the folder. */
  python(python: string, script: string, args: readonly string[]): Promise<unknown> {
    return runForJson(python, [pythonScript(script), this.folder, ...args]);
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true });
  }
}

/** The Python that has TRL; prints a line if there is none. */
export async function pythonWithTrl(lora: boolean): Promise<string | undefined> {
  const python = await pythonWith(lora ? "import trl, peft" : "import trl");
  if (python === undefined)
    console.log(
      `TRL is not measured: neither $PYTHON nor .venv has it${lora ? ", with PEFT" : ""}; scripts/make-venv.sh makes .venv.\n`,
    );
  return python;
}
