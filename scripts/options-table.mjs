// Writes docs/options.md: every option with its values, its default, and the methods that take it.
// node scripts/options-table.mjs; with --check it fails if the file is out of date.
import { readFileSync, writeFileSync } from "node:fs";
import { defaultText } from "../dist/src/base/option.js";
import { alignForm, optionGroups, recipeForms, seraForm } from "../dist/src/run/options/index.js";

const file = new URL("../docs/options.md", import.meta.url);
const forms = [
  alignForm,
  { ...seraForm, name: "sera" },
  ...Object.values(recipeForms).map(({ name, table }) => ({ name: `methods.${name}`, table })),
];
const code = (text) => `\`${text}\``;
const codes = (names) => names.map(code).join(", ");

function row([name, option]) {
  const takers = forms.filter(({ table }) => Object.hasOwn(table, name));
  const values = option.choices ? [codes(option.choices), option.syntax].filter(Boolean).join(", ") : option.expected;
  return `| ${[code(name), option.help, values, defaults(name, option, takers), namesOf(takers)].map((text) => text.replaceAll("|", "\\|")).join(" | ")} |`;
}

/** The usual default, followed by those of the methods that differ from it. */
function defaults(name, option, takers) {
  const shown = (own) => (own.default === undefined ? defaultText(own) : code(defaultText(own)));
  const texts = [...new Set([option, ...takers.map(({ table }) => table[name])].map(shown))].slice(1);
  const others = texts.map(
    (text) => `${text} for ${codes(takers.filter(({ table }) => shown(table[name]) === text).map(({ name }) => name))}`,
  );
  return [shown(option), ...others].join("; ");
}

function namesOf(takers) {
  const others = forms.filter((form) => !takers.includes(form));
  if (others.length === 0) return "all";
  return others.length < 3 ? `all but ${codes(others.map(({ name }) => name))}` : codes(takers.map(({ name }) => name));
}

const sections = optionGroups.map(
  ({ title, table }) =>
    `## ${title}\n\n| option | what | values | default | taken by |\n| --- | --- | --- | --- | --- |\n${Object.entries(table).map(row).join("\n")}\n`,
);
const text = `# Options

Every option of training, of all methods, under one name in cells, in configuration files and on the command line (\`batchSize\`
is \`--batch-size\`). \`align\` and \`sera\` are the functions of a cell; \`methods.…\` are the recipes that \`train\` and \`compare\` take.
The former take iterations and epochs, the latter \`rounds\`, which each spends in its own way ([methods](methods.md)).
An option that a method does not have is refused by name. \`signal\`, \`quiet\`, \`folder\` and the like change no result and are
explained where they are declared. \`loss\`, \`selectBy\`, \`labelBy\` and \`pairBy\` also take a part of your own
([extending](extending.md)), and \`bridge\` an \`Editor\` ([methods](methods.md)).

Written by \`node scripts/options-table.mjs\` from \`src/run/options/tables.ts\`.

${sections.join("\n")}`;

if (!process.argv.includes("--check")) writeFileSync(file, text);
else if (readFileSync(file, "utf8") !== text) {
  console.error("docs/options.md is out of date; run node scripts/options-table.mjs");
  process.exit(1);
}
