// Writes docs/options.md from the schema of options (of a built checkout); with --check, says whether the page is up to date.
import { readFileSync, writeFileSync } from "node:fs";
import { defaultText } from "../dist/src/base/option.js";
import { alignForm, optionGroups, recipeForms, seraForm } from "../dist/src/run/options/index.js";

const page = "docs/options.md";
const recipes = Object.values(recipeForms);
/** What takes options, as the page calls it. */
const takers = [
  { title: "`align`", table: alignForm.table },
  { title: "`sera`", table: seraForm.table },
  ...recipes.map(({ name, table }) => ({ title: `\`methods.${name}\``, table })),
];

const cell = (text) => text.replaceAll("|", "\\|");
const code = (text) => `\`${text}\``;

/** "all", "all but a, b" or "a, b", whichever is shortest. */
function takersOf(name) {
  const have = takers.filter(({ table }) => name in table).map(({ title }) => title);
  const lack = takers.filter(({ table }) => !(name in table)).map(({ title }) => title);
  return lack.length === 0 ? "all" : lack.length < have.length ? `all but ${lack.join(", ")}` : have.join(", ");
}

/** The usual default, and those of recipes that have another. */
function defaultOf(name, option) {
  const usual = defaultText(option);
  const others = recipes.filter(({ table }) => name in table && defaultText(table[name]) !== usual);
  const written = (some) => (some.default === undefined ? defaultText(some) : code(defaultText(some)));
  return [written(option), ...others.map((recipe) => `${recipe.name}: ${written(recipe.table[name])}`)].join("; ");
}

function valuesOf({ choices, expected }) {
  return choices ? expected.replaceAll(new RegExp(`(?<![\\w-])(${choices.join("|")})(?![\\w-])`, "g"), (_, name) => code(name)) : expected;
}

const row = ([name, option]) => `| ${[code(name), valuesOf(option), defaultOf(name, option), option.help, takersOf(name)].map(cell).join(" | ")} |`;

const text = `# Options

Every option of every method: what it may be, its default, and who takes it. An option that a method does not take is an error. The
same schema checks cells and the command line, where an option is the flag of its name with hyphens: \`maxNewTokens\` is
\`--max-new-tokens\`. Settings of a run, such as \`heldOut\` or \`folder\`, are not options of its method; see [runs](runs.md).

\`align\` and \`sera\` are told their epochs and iterations. The recipes of \`methods\` are told \`rounds\`, which each spends in its own way,
so that methods with the same rounds see the same number of pairs; see [methods](methods.md). On the command line, \`sera align\` takes
what \`sera\` takes, \`--method direct\` what \`align\` takes, and any other \`--method\` what its recipe takes.

${optionGroups
  .map(({ title, table }) => [`## ${title}`, "", "| option | values | default | what it does | taken by |", "| --- | --- | --- | --- | --- |", ...Object.entries(table).map(row)].join("\n"))
  .join("\n\n")}

This page is written by \`node scripts/options-table.mjs\`.
`;

if (!process.argv.includes("--check")) writeFileSync(page, text);
else if (readFileSync(page, "utf8") !== text) {
  console.error(`${page} is stale; run: npm run --silent build && node scripts/options-table.mjs`);
  process.exit(1);
}
