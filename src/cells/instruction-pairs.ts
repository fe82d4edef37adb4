import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../base/errors.js";
import { writeFileAtomic } from "../base/files.js";
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

/** How {@link instructionPairs} makes pairs. */
export interface InstructionPairOptions {
  /**
   * Whose answers are paired: `"own"`, two of four samples of the model at temperature 0.8; `"mixed"` (default), those of two
   * different writers: the model itself, told in a system turn to follow every instruction, hotter (1.2), cut off in the
   * middle, and padded with an idle sentence.
   */
  readonly writers?: "own" | "mixed";
  /** Most tokens of an answer. Default 48. */
  readonly maxNewTokens?: number;
  /** Default 0. */
  readonly seed?: number;
  /** Where the pairs are kept, and read by the next call with the same model, prompts and options. Default `runs/instructions`. */
  readonly folder?: string;
}

/** Changes whenever what the writers write or the labels does. */
const version = 1;

/** Of the labels, which are drawn by Bradley–Terry on the gold reward. */
const labelTemperature = 0.1;

/** Simulates someone who answers an instruction. */
interface Writer {
  readonly name: string;
  readonly temperature: number;
  /** What the model is given in place of the prompt. Default: the prompt. */
  readonly told?: (prompt: readonly Message[]) => readonly Message[];
  /** What becomes of its answer. */
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
 * Preference pairs of instructions: a model answers each prompt in several ways, two answers of unequal gold reward are
 * drawn, and the label is drawn by Bradley–Terry on the gold reward at temperature 0.1. The scores of a pair are gold rewards,
 * to look at and never to train on. Prompts whose answers all earn the same get no pair.
 *
 * @param policy an instruct model, whose chat template renders the prompts
 * @param prompts such as `loadPrompts(instructions.train)` gives
 * @example const pairs = await instructionPairs(start, (await loadPrompts(instructions.train)).prompts);
 * @throws InputError where a prompt has no gold reward, or is no conversation
 */
export async function instructionPairs(
  policy: Policy,
  prompts: readonly NamedPrompt[],
  options: InstructionPairOptions = {},
): Promise<PreferencePair[]> {
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

/** For each prompt the answers of the writers, in their order. */
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

/** A labelled pair of two answers of unequal reward; none where all earn the same. */
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
