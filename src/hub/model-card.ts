/** Content of a model card, besides how to load the model. */
export interface CardFacts {
  /** `user/name`. */
  readonly name: string;
  /** The model that was trained, by its name on the hub. */
  readonly baseModel?: string | undefined;
  /** Names of data sets on the hub. */
  readonly datasets?: readonly string[] | undefined;
  /** Whether the repository contains only an adapter. */
  readonly isAdapter: boolean;
  /** Whether its tokenizer has a chat template. */
  readonly isChat: boolean;
  /** How it was trained; undefined if only the model is known. */
  readonly training?: CardTraining | undefined;
}

export interface CardTraining {
  readonly method: string;
  readonly loss: string;
  /** arXiv numbers of the papers about the method and the loss. */
  readonly papers: readonly string[];
  /** Options by name, as JSON. */
  readonly options: ReadonlyMap<string, string>;
  /** Results: rows of figures, in which cells may be missing. */
  readonly results: readonly Readonly<Record<string, string | number | null | undefined>>[];
  /** Versions of the software used for training. */
  readonly versions: Readonly<Record<string, string>>;
}

/**
 * A model card in Markdown with the hub's metadata at its head, like TRL's: how the model was created, how to load it, and how
 * well it performs.
 */
export function modelCard(facts: CardFacts): string {
  const { name, baseModel, datasets = [], training } = facts;
  const link = (name: string, place = "") => `[${name}](https://huggingface.co/${place}${name})`;
  const what = `${facts.isAdapter ? "a LoRA adapter for" : "a fine-tuned version of"} ${baseModel === undefined ? "a model that is not on the hub" : link(baseModel)}`;
  const on = datasets.length === 0 ? "" : `, trained on ${datasets.map((set) => link(set, "datasets/")).join(" and ")}`;
  return [
    `---\n${metadata(facts)}---\n`,
    `# Model Card for ${name.split("/")[1]}\n`,
    `This model is ${what}${on}. It was made with [sera-lab](https://www.npmjs.com/package/sera-lab).\n`,
    `## Quick start\n\n${quickStart(facts)}`,
    ...(training ? [trainingSection(training)] : []),
  ].join("\n");
}

function metadata({ baseModel, datasets = [], isAdapter, training }: CardFacts): string {
  const list = (values: readonly string[]) => values.map((value) => `\n- ${JSON.stringify(value)}`).join("");
  const tags = [
    "sera-lab",
    "preference-alignment",
    ...new Set(training ? [training.method, training.loss].map((name) => name.replaceAll(" ", "-")) : []),
    ...(isAdapter ? ["lora"] : []),
  ];
  const lines = [
    ...(baseModel === undefined ? [] : [`base_model: ${JSON.stringify(baseModel)}`]),
    ...(datasets.length === 0 ? [] : [`datasets:${list(datasets)}`]),
    `library_name: ${isAdapter ? "peft" : "transformers"}`,
    "pipeline_tag: text-generation",
    `tags:${list(tags)}`,
  ];
  return `${lines.join("\n")}\n`;
}

function quickStart({ name, baseModel, isAdapter, isChat }: CardFacts): string {
  const ask = isChat ? '[{"role": "user", "content": "…"}]' : '"…"';
  const inPython = isAdapter
    ? `from peft import AutoPeftModelForCausalLM
from transformers import AutoTokenizer, pipeline

model = AutoPeftModelForCausalLM.from_pretrained("${name}")
generator = pipeline("text-generation", model=model, tokenizer=AutoTokenizer.from_pretrained("${name}"))`
    : `from transformers import pipeline

generator = pipeline("text-generation", model="${name}")`;
  const inTypeScript = `import { loadModel, respond } from "sera-lab";

const policy = await loadModel("${name}");
const answers = await respond(policy, [${isChat ? '[{ role: "user", content: "…" }]' : '"…"'}], { maxNewTokens: 128 });`;
  const where =
    isAdapter && baseModel === undefined ? "The adapter goes onto the model that it was trained on.\n\n" : "";
  return `${where}${fenced("python", `${inPython}\nprint(generator(${ask}, max_new_tokens=128, return_full_text=False)[0]["generated_text"])`)}\n${fenced("ts", inTypeScript)}`;
}

function trainingSection({ method, loss, papers, options, results, versions }: CardTraining): string {
  const sources = papers.map((id) => `[arXiv ${id}](https://arxiv.org/abs/${id})`).join(", ");
  const given = [...options]
    .map(([option, json]) => `| \`${option}\` | \`${json.replaceAll("|", "\\|")}\` |`)
    .join("\n");
  return [
    `## Training procedure\n\nThis model was trained with the method \`${method}\`${loss === method ? "" : ` and the loss \`${loss}\``}${sources && ` (${sources})`}.\n`,
    `| option | value |\n| --- | --- |\n${given}\n`,
    `## Results\n\n${figuresTable(results)}\n\nAccuracy is the share of held-out pairs whose implicit reward margin is above 0; iteration 0 is the start.\n`,
    `### Versions\n\n${Object.entries(versions)
      .map(([what, version]) => `- ${what}: ${version}`)
      .join("\n")}\n`,
  ].join("\n");
}

/** A Markdown table with every column that occurs in a row. */
function figuresTable(rows: CardTraining["results"]): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))].filter((name) =>
    rows.some((row) => row[name] != null),
  );
  const cell = (value: string | number | null | undefined) =>
    value == null ? "" : typeof value === "string" || Number.isInteger(value) ? `${value}` : value.toPrecision(3);
  return [names, names.map(() => "---"), ...rows.map((row) => names.map((name) => cell(row[name])))]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

function fenced(language: string, text: string): string {
  return `\`\`\`${language}\n${text}\n\`\`\`\n`;
}
