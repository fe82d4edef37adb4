import { fork, type ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Tally, third, timeLeft, type CampaignOptions } from "./outcomes.js";
import type { MutantReport, MutantRequest } from "./mutant-process.js";
import { inputKinds } from "./readers.js";

const program = fileURLToPath(new URL("./mutant-process.js", import.meta.url));

/** Bounds for one file of some kilobytes; the library's own are 20 s and 0.5 GB for Parquet, 10 s for an unknown expression. */
const bounds = { seconds: 40, bytes: 2.5e9 };
/** Number of files that one process reads, so that leftovers do not accumulate. */
const batch = 200;

/** Reads every kind of file that the library reads, with seeded damage. */
export async function mutants(options: CampaignOptions, only?: string): Promise<Tally[]> {
  const kinds = Object.entries(inputKinds).filter(([kind]) => only === undefined || kind.includes(only));
  const shares = kinds.reduce((sum, [, { share }]) => sum + share, 0);
  const tallies: Tally[] = [];
  for (const [kind, { share }] of kinds) {
    const tally = new Tally("mutants", kind);
    tallies.push(tally);
    const count = Math.max(1, Math.round((options.count * share) / shares));
    // Each kind gets its share of the time as well.
    const own = { ...options, seconds: (options.seconds * share) / shares };
    const started = performance.now();
    let from = 0;
    do {
      from = await readBatch({ kind, seed: options.seed, from, to: Math.min(count, from + batch) }, tally);
    } while (from < count && timeLeft(started, own));
    tally.seconds = (performance.now() - started) / 1000;
  }
  return tallies;
}

/** Reads mutants in a separate process until one ends it; returns the index of the first unread one. */
async function readBatch(request: MutantRequest, tally: Tally): Promise<number> {
  const child = fork(program, [], { stdio: ["ignore", "ignore", "pipe", "ipc"], execArgv: ["--enable-source-maps"] });
  let told = "";
  child.stderr!.on("data", (chunk: Buffer) => (told = (told + chunk.toString()).slice(-2000)));
  let current = request.from;
  let since = performance.now();
  let ending: string | undefined;
  const watch = setInterval(() => {
    if (performance.now() - since > 1000 * bounds.seconds) ending = `not done within ${bounds.seconds} s`;
    if (residentBytes(child) > bounds.bytes) ending = `more than ${bounds.bytes / 1e9} GB of memory`;
    if (ending !== undefined) child.kill("SIGKILL");
  }, 200);
  const finished = await new Promise<boolean>((resolve) => {
    child.on("message", (report: MutantReport) => {
      since = performance.now();
      if ("began" in report) current = report.began;
      else if ("ended" in report) {
        tally.add(report.outcome, `seed ${request.seed}, ${report.ended}`);
        current = report.ended + 1;
      } else resolve(true);
    });
    child.on("close", (code, signal) => {
      ending ??= `the process ended (${signal ?? code}): ${told.split("\n").find((line) => /Error|fatal/i.test(line)) ?? told.slice(0, 200)}`;
      resolve(false);
    });
    child.send(request);
  });
  clearInterval(watch);
  child.kill("SIGKILL");
  if (finished) return request.to;
  tally.add(third(ending!), `seed ${request.seed}, ${current}`);
  return current + 1;
}

/** Resident memory of a process on Linux; 0 elsewhere. */
function residentBytes({ pid }: ChildProcess): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]) * 4096;
  } catch {
    return 0;
  }
}
