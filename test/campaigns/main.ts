import { parseArgs } from "node:util";
import { mutants } from "./mutants.js";
import { outcomeTable } from "./table.js";

const { values } = parseArgs({ options: { what: { type: "string" }, only: { type: "string" }, seed: { type: "string" }, count: { type: "string" }, seconds: { type: "string" } } });
const options = { seed: Number(values.seed ?? 1), count: Number(values.count ?? 1000), seconds: Number(values.seconds ?? 60) };
const tallies = await mutants(options, values.only);
console.log(outcomeTable(tallies));
for (const { input, thirds } of tallies) for (const { id, what } of thirds) console.log(`${input}, ${id}: ${what}`);
