import { Command, Option } from "commander";
import { bytesIn } from "../base/byte-size.js";
import { InputError } from "../base/errors.js";
import { writeFileAtomic } from "../base/files.js";
import { reported } from "../base/task.js";
import { withDownload } from "../cells/transfer.js";
import { loadModelOn } from "../cells/load-model.js";
import { contextTokens, linearAlignment, type Guidance, type LinearAlignmentOptions } from "../cells/guidance.js";
import { responsesTo, servedResponsesTo } from "../cells/respond.js";
import { loadPrompts, type NamedPrompt } from "../data/load-prompts.js";
import type { Prompt } from "../data/pair.js";
import { placeText } from "../data/places.js";
import { unknownNotes } from "../data/unknown-tokens.js";
import type { WeightsName } from "../model/parameters/quantization/quantized-weights.js";
import { tokenizerDigest } from "../model/policy/fingerprint.js";
import type { Policy } from "../model/policy/policy.js";
import { refuseRunAsData } from "../run/folder/policies-in.js";
import { generateForm, generationOptions, resolveOptions } from "../run/options/index.js";
import type { ModelServer } from "../run/server/model-server.js";
import { dataNotes, templateNotes } from "./data-notes.js";
import { alignmentMasks, type AlignmentMask } from "../model/generation/linear-alignment.js";
import { engineOptions, flagOf, givenOptions, methodOptions, number, whole, type EngineArguments } from "./options.js";
import { modelServerOf, serverOptions, type ServerArguments } from "./server-options.js";
import { isFromScratch, weightsOption } from "./start.js";
import { withSession, type CommandSession } from "./session.js";

interface GenerateArguments extends EngineArguments, ServerArguments {
  readonly model?: string;
  readonly modelRevision?: string;
  readonly weights?: WeightsName;
  readonly prompts?: string;
  readonly prompt?: readonly string[];
  readonly split?: string;
  readonly config?: string;
  readonly revision?: string;
  readonly limit?: number;
  readonly skipBadRows: boolean;
  readonly responses: number;
  readonly out?: string;
  readonly principle?: string;
  readonly ratio?: number;
  readonly mask?: AlignmentMask;
  readonly maskTopP?: number;
  readonly maskTemperature?: number;
}

export function generateCommand(): Command {
  const command = new Command("generate")
    .description(
      "Sample responses to prompts. Each is a line of JSON: id, prompt, response, its length in tokens, whether it is complete, and the token ids, from which sera sft reads it back.",
    )
    .optionsGroup("Model:")
    .option(
      "--model <name>",
      "checkpoint or adapter folder, GGUF file, or org/name on the Hugging Face hub (org/name:Q8_0 for a GGUF file there)",
    )
    .option("--model-revision <name>", "branch, tag or commit of a hub model (default: main)")
    .addOption(weightsOption());
  serverOptions(
    command,
    "generate on a server with OpenAI's API instead: vLLM, llama.cpp, Ollama …, such as http://localhost:8000/v1; it applies its own chat template and returns no token ids",
  )
    .optionsGroup("Prompts:")
    .option(
      "--prompts <source>",
      "rows with a prompt, or preference pairs: .jsonl, .jsonl.gz or .parquet, or org/name on the hub",
    )
    .option(
      "--prompt <text>",
      "a prompt; may be given several times",
      (text: string, before: readonly string[] = []) => [...before, text],
    )
    .option("--split <name>", "split of a hub dataset (default: train)")
    .option("--config <name>", "configuration of a hub dataset (default: its only one)")
    .option("--revision <name>", "branch, tag or commit of a hub dataset (default: main)")
    .option("--limit <n>", "use only the first n rows (default: all)", whole(1))
    .option(
      "--skip-bad-rows",
      "skip and count bad rows and prompts that do not fit the context, instead of stopping at the first",
      false,
    )
    .optionsGroup("Linear alignment (two forward passes per token):")
    .option(
      "--principle <text>",
      "text put before each prompt, whose effect on the next token's logits is amplified (arXiv 2401.11458); greedy unless --temperature is given",
    )
    .option(
      "--ratio <r>",
      "how strongly the effect is amplified, from 0 (the principle alone) to 1000 (default: 2)",
      number,
    )
    .addOption(
      new Option(
        "--mask <which>",
        "which logits decide the most likely tokens that a token is chosen from: those under the principle, or the amplified ones (default: principle)",
      ).choices(alignmentMasks),
    )
    .option("--mask-top-p <p>", "share of the probability that those tokens hold (default: 0.8)", number)
    .option("--mask-temperature <t>", "temperature of that distribution (default: 0.5)", number)
    .optionsGroup("Output:")
    .option("--responses <n>", "responses to each prompt", whole(1), 1)
    .option("--out <file>", "where the responses are written (default: standard output)");
  return methodOptions(engineOptions(command), generateForm)
    .addHelpText(
      "after",
      `
Example:
  sera generate --model runs/mine/iteration-3/model --prompts heldout.jsonl --temperature 0.7 --out mine.jsonl`,
    )
    .action(async (args: GenerateArguments) => {
      const lines = await withSession(args, (session) => session.prepare(() => written(args, session)));
      if (args.out === undefined) process.stdout.write(lines);
      else await writeFileAtomic(args.out, lines);
    });
}

/** @throws InputError unless either a model or a server is named */
async function written(args: GenerateArguments, session: CommandSession): Promise<string> {
  const [{ model }, server] = [args, modelServerOf(args)];
  if (model === undefined) {
    if (!server) throw new InputError("no model; give --model, or --server with the address of one that is served");
    return generateServed(args, server, session);
  }
  if (server) throw new InputError("both --model and --server are given; give one of them");
  return generate({ ...args, model }, session);
}

/** Options for a model on this machine only. */
const serversOwn = ["modelRevision", "weights", "memory", "samplingBatchSize"] as const;

/** Generates responses with a served model, without token ids, which the server does not return. */
async function generateServed(args: GenerateArguments, server: ModelServer, session: CommandSession): Promise<string> {
  if (guidanceOf(args))
    throw new InputError("--principle: a server writes by its model alone; leave it out, or give --model");
  const given = givenOptions(args, generateForm);
  const lonely = serversOwn.find((name) => name in given || args[name as keyof GenerateArguments] !== undefined);
  if (lonely !== undefined) throw new InputError(`${flagOf(lonely)}: that is the server's own to decide; leave it out`);
  const { seed, memory: _, samplingBatchSize: __, ...sampling } = resolveOptions(generateForm, given);
  const prompts = await readPrompts(args, session);
  const answers = await reported("generate", "responses", session, (task) =>
    servedResponsesTo(
      server,
      prompts.map(({ prompt }) => prompt),
      { ...sampling, responses: args.responses, seed },
      task,
    ),
  );
  return answers
    .map(({ request, response, tokens, complete }) => {
      const { id, prompt } = prompts[request]!;
      return `${JSON.stringify({ id, prompt, response, length: tokens, complete })}\n`;
    })
    .join("");
}

async function generate(
  args: GenerateArguments & { readonly model: string },
  session: CommandSession,
): Promise<string> {
  const guidance = guidanceOf(args);
  const given = givenOptions(args, generateForm);
  const { seed, memory, ...sampling } = resolveOptions(generateForm, guidance ? { temperature: 0, ...given } : given);
  const programs = session.programs.within(bytesIn(memory) ?? session.programs.memory);
  if (await isFromScratch(args.model))
    throw new InputError(
      `--model: ${args.model} is a preset, which is not trained yet; give a checkpoint, such as one that sera sft trains`,
    );
  const prompts = await readPrompts(args, session);
  const policy = await loadModelOn(programs, args.model, { revision: args.modelRevision, weights: args.weights });
  try {
    const fitting = tokenized(policy, prompts, args, guidance);
    const options = { ...generationOptions(sampling), responses: args.responses, seed, guidance };
    const written = await reported("generate", "responses", session, (task) =>
      responsesTo(
        policy,
        fitting.map(({ contexts }) => contexts),
        options,
        task,
      ),
    );
    const tokenizer = tokenizerDigest(policy.tokenizer);
    return written
      .map(({ request, response, tokens, complete }) => {
        const { id, prompt } = fitting[request]!;
        // A guided response answers only the prompt.
        const asked = contextTokens(policy, prompt, undefined).prompt;
        const ids = { tokenizer, prompt: Array.from(asked), response: Array.from(tokens) };
        return `${JSON.stringify({ id, prompt, response, length: tokens.length, complete, tokens: ids })}\n`;
      })
      .join("");
  } finally {
    await policy.free();
  }
}

/** @throws InputError if amplification settings are out of range, or given without a principle to amplify */
function guidanceOf({ principle, ratio, mask, maskTopP, maskTemperature }: GenerateArguments): Guidance | undefined {
  const settings = Object.entries({ ratio, mask, maskTopP, maskTemperature }).filter(
    ([, value]) => value !== undefined,
  );
  if (principle !== undefined)
    return linearAlignment({ principle, ...(Object.fromEntries(settings) as LinearAlignmentOptions) });
  if (settings.length === 0) return undefined;
  throw new InputError(
    "--ratio, --mask, --mask-top-p and --mask-temperature are of linear alignment; give --principle too",
  );
}

async function readPrompts(
  { prompts: source, prompt: texts = [], skipBadRows, ...part }: GenerateArguments,
  session: CommandSession,
): Promise<NamedPrompt[]> {
  const typed = texts.map((prompt, i) => ({ id: `${i + 1}`, prompt }));
  if (source === undefined && typed.length === 0)
    throw new InputError("no prompts; give --prompts with a file, or --prompt with a text");
  if (source === undefined) return typed;
  if (typed.length > 0) throw new InputError("both --prompts and --prompt are given; give one of them");
  const { split, config, revision, limit } = part;
  const given = Object.entries({ split, config, revision, limit }).filter(([, value]) => value !== undefined);
  await refuseRunAsData(source);
  const { prompts, ...read } = await withDownload(
    source,
    (work) => loadPrompts(source, { ...work, skipBadRows, ...Object.fromEntries(given) }),
    session,
  );
  process.stderr.write(dataNotes(source, { ...read, truncation: nothingCut }).join(""));
  return prompts;
}

const nothingCut = { prompts: 0, promptTokens: 0, responses: 0, responseTokens: 0 };

/**
 * Tokenizes the prompts that leave room for a response. @throws InputError naming the first that does not, unless such
 * prompts are skipped
 */
function tokenized(
  policy: Policy,
  prompts: readonly NamedPrompt[],
  { skipBadRows, prompts: source = "--prompt" }: GenerateArguments,
  guidance: Guidance | undefined,
) {
  const fitting: (NamedPrompt & { readonly contexts: ReturnType<typeof contextTokens> })[] = [];
  const skipped: { readonly reason: string }[] = [];
  for (const prompt of prompts) {
    const found = fittingTokens(policy, prompt.prompt, guidance);
    if (typeof found === "string")
      skipped.push({ reason: `${placeText(prompt) || `${source}: `}prompt ${JSON.stringify(prompt.id)}: ${found}` });
    else fitting.push({ ...prompt, contexts: found });
  }
  if (skipped.length > 0 && (!skipBadRows || fitting.length === 0)) throw new InputError(skipped[0]!.reason);
  const { tokenizer } = policy;
  const notes = [
    ...templateNotes(
      fitting.map(({ prompt }) => prompt),
      tokenizer,
    ),
    ...unknownNotes(
      fitting.map(({ contexts }) => contexts.prompt),
      tokenizer,
    ),
  ];
  process.stderr.write(dataNotes(source, { skipped, truncation: nothingCut, reading: { notes } }).join(""));
  return fitting;
}

/** A prompt's tokens, or why it cannot be answered: the chat template refuses it, or it leaves no room. */
function fittingTokens(
  policy: Policy,
  prompt: Prompt,
  guidance: Guidance | undefined,
): ReturnType<typeof contextTokens> | string {
  const { contextLength } = policy.config;
  try {
    const contexts = contextTokens(policy, prompt, guidance);
    const lengths = [contexts.prompt, ...(contexts.others ?? [])].map(({ length }) => length);
    if (lengths.includes(0)) return "no tokens";
    const longest = Math.max(...lengths);
    if (longest < contextLength) return contexts;
    return `${longest} tokens${guidance ? ", with the principle," : ""} leave no room for a response in a context of ${contextLength}`;
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
}
