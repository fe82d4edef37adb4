// Regenerates data/instructions from its seed (after a build), and prints the statistics that data/README.md reports.
import { writeFileAtomic } from "../dist/src/base/files.js";
import { generateInstructions, shippedInstructions } from "../dist/src/data/instructions/generate.js";
import { parseInstruction } from "../dist/src/data/instructions/request.js";

const made = generateInstructions(shippedInstructions);
const counts = {};
for (const [split, rows] of Object.entries(made)) {
  const file = `data/instructions/${split.toLowerCase()}.jsonl`;
  await writeFileAtomic(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  console.log(`${file}: ${rows.length} prompts`);
  for (const {
    prompt: [{ content }],
  } of rows)
    for (const { kind } of parseInstruction(content).constraints) counts[kind] = (counts[kind] ?? 0) + 1;
}
console.log("prompts with each kind of constraint:", counts);
