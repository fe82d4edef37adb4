import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../base/errors.js";
import { writeFileAtomic } from "../base/files.js";
import { checkOptionNames, namesOf } from "../base/option-names.js";
import { Random } from "../base/random.js";
import { reported, type TaskOptions } from "../base/task.js";
import { goldRewardOf, noGoldReward } from "../data/gold.js";
import { loadPreferences } from "../data/load-preferences.js";
import type { NamedPrompt } from "../data/load-prompts.js";
import type { PreferencePair, Prompt } from "../data/pair.js";
import { encodePrompt } from "../data/tokenize.js";
import { generate } from "../model/generation/generate.js";
import type { Message } from "../model/tokenizer/chat/chat.js";
import type { Policy } from "../model/policy/policy.js";
import { cell } from "../notebook/display.js";
import { preferenceProbability } from "../stats/bradley-terry.js";

/** Options of {@link instructionPairs}. */
export interface InstructionPairOptions {
  /**
   * Whose answers are paired. `"own"`: two of four samples of the model at temperature 0.8. `"mixed"` (default):
   * answers of two different writers, out of five: the model as it is, with a system turn to follow every instruction,
   * at temperature 1.2, cut off in the middle, and padded with a filler sentence.
   */
  readonly writers?: "own" | "mixed";
  /** Maximum tokens of an answer. Default 48. */
  readonly maxNewTokens?: number;
  /** Default 0. */
  readonly seed?: number;
  /**
   * Folder that stores the pairs; a later call with the same model, prompts and options reads them from there. Default
   * `runs/instructions`.
   */
  readonly folder?: string;
}

/** Increment when the writers' answers or the labels change. */
const version = 1;

/** Temperature of the labels, which are drawn by Bradley–Terry on the gold reward. */
const labelTemperature = 0.1;

/** A simulated annotator who answers instructions. */
interface Writer {
  readonly name: string;
  readonly temperature: number;
  /** Returns what the model reads in place of the prompt. Default: the prompt. */
  readonly told?: (prompt: readonly Message[]) => readonly Message[];
  /** Edits the model's answer. */
  readonly finish?: (answer: string) => string;
}

const padding = "I hope this helps, and please let me know if there is anything else.";

const mixed: readonly Writer[] = [
  { name: "plain", temperature: 0.8 },
  {
    name: "careful",
    temperature: 0.5,
    told: (prompt) => [
      {
        role: "system",
        content: "Follow every instruction to the letter. Answer with the text that is asked for and nothing else.",
      },
      ...prompt,
    ],
  },
  { name: "hot", temperature: 1.2 },
  {
    name: "cut",
    temperature: 0.8,
    finish: (answer) =>
      answer
        .split(/\s+/)
        .slice(0, Math.ceil(answer.split(/\s+/).length / 2))
        .join(" "),
  },
  { name: "padded", temperature: 0.8, finish: (answer) => `${answer} ${padding}` },
];

const own: readonly Writer[] = [1, 2, 3, 4].map((number) => ({ name: `own ${number}`, temperature: 0.8 }));

/**
 * Generates preference pairs for instructions: a model answers each prompt in several ways, two answers of unequal gold
 * reward are drawn, and the label is drawn by Bradley–Terry on the gold reward at temperature 0.1. The scores of a pair
 * are gold rewards, for inspection only, never for training. Prompts whose answers all earn the same reward get no
 * pair.
 *
 * @param policy an instruct model, whose chat template renders the prompts
 * @param prompts for example those of `loadPrompts(instructions.train)`
 * @example const pairs = await instructionPairs(start, (await loadPrompts(instructions.train)).prompts);
 * @throws InputError if a prompt has no gold reward, or is not a conversation
 */
export async function instructionPairs(
  policy: Policy,
  prompts: readonly NamedPrompt[],
  options: InstructionPairOptions = {},
): Promise<PreferencePair[]> {
  checkOptionNames(
    "instructionPairs",
    options,
    namesOf<InstructionPairOptions>({ writers: true, maxNewTokens: true, seed: true, folder: true }),
  );
  const { writers = "mixed", maxNewTokens = 48, seed = 0, folder = join("runs", "instructions") } = options;
  const rewards = prompts.map(({ prompt }) => rewardOf(prompt));
  const asked = JSON.stringify({
    version,
    writers,
    maxNewTokens,
    seed,
    prompts,
    model: await policy.fingerprint(),
    engine: await policy.programs.engine.describe(),
  });
  const file = join(folder, `${createHash("sha256").update(asked).digest("hex").slice(0, 16)}.jsonl`);
  if (existsSync(file)) return (await loadPreferences(file)).pairs;
  const random = Random.seeded(seed).fork("instruction pairs");
  const answers = await answersOf(policy, prompts, writers === "own" ? own : mixed, maxNewTokens, random);
  const rows = prompts.flatMap(({ id, prompt }, i) =>
    pairOf(answers[i]!, rewards[i]!, random.fork("pair", id)).map((pair) => ({ id, prompt, ...pair })),
  );
  await writeFileAtomic(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  return (await loadPreferences(file)).pairs;
}

function rewardOf(prompt: Prompt): (response: string) => number {
  const reward = goldRewardOf(prompt);
  if (!reward) throw noGoldReward(prompt);
  if (typeof prompt === "string")
    throw new InputError(
      "instructionPairs: found a prompt that is a text, expected conversations, which the model's chat template renders",
    );
  return reward;
}

const unchanged = <T>(value: T): T => value;

/** Returns each prompt's answers, in the order of the writers. */
async function answersOf(
  policy: Policy,
  prompts: readonly NamedPrompt[],
  writers: readonly Writer[],
  maxNewTokens: number,
  random: Random,
): Promise<string[][]> {
  const answers = prompts.map(() => new Array<string>(writers.length));
  for (const [
    w,
    { name, temperature, told = unchanged<readonly Message[]>, finish = unchanged<string> },
  ] of writers.entries()) {
    const requests = prompts.map(({ id, prompt }) => ({
      key: id,
      prompt: Int32Array.from(encodePrompt(told(prompt as readonly Message[]), policy.tokenizer)),
      responses: 1,
    }));
    await reported(
      `answer instructions, writer ${w + 1}/${writers.length} (${name})`,
      "responses",
      cell,
      async (task: TaskOptions) => {
        for await (const batch of generate(
          policy,
          requests,
          random.fork("writer", name),
          { temperature, maxNewTokens },
          task,
        )) {
          for (const { request, tokens } of batch)
            answers[request]![w] = finish(policy.tokenizer.decode(tokens).trim());
        }
      },
    );
  }
  return answers;
}

/** Returns a labelled pair of two answers of unequal reward, or nothing if all rewards are equal. */
function pairOf(answers: readonly string[], reward: (response: string) => number, random: Random) {
  const rewarded = answers.map((answer) => ({ answer, gold: reward(answer) }));
  const unequal = rewarded.flatMap((a, i) =>
    rewarded.slice(i + 1).flatMap((b) => (a.gold === b.gold ? [] : [[a, b] as const])),
  );
  if (unequal.length === 0) return [];
  const [a, b] = random.pick(unequal);
  const preferFirst = random.uniform() < preferenceProbability(a.gold, b.gold, labelTemperature);
  const [chosen, rejected] = preferFirst ? [a, b] : [b, a];
  const said = (content: string) => [{ role: "assistant", content }];
  const scored = (gold: number) => Number(gold.toFixed(4));
  return [
    {
      chosen: said(chosen.answer),
      rejected: said(rejected.answer),
      score_chosen: scored(chosen.gold),
      score_rejected: scored(rejected.gold),
    },
  ];
}
