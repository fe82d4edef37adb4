import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { Random } from "../../src/base/random.js";
import { Run } from "../../src/cells/run.js";
import { OnnxEngine } from "../../src/engine/onnx/engine.js";
import { ProgramCache } from "../../src/engine/program-cache.js";
import { openRun } from "../../src/run/open-run.js";
import { damages, runFilesIn } from "../support/damages.js";
import { fullInput, fullSera } from "../support/full-run.js";
import { startRun } from "../support/started-run.js";
import { resultsIn } from "../support/tiny-run.js";
import { done, outcomeOfError, Tally, third, timeLeft, type CampaignOptions, type Outcome } from "./outcomes.js";

/** Number of times that a run is killed before it may end. */
const mostKills = 5;

/** An undisturbed run with every option: its results, and its duration in seconds without the loading of modules. */
export async function undisturbed(folder: string): Promise<{ expected: Record<string, string>; seconds: number }> {
  const run = startRun(folder, "full");
  await run.begun;
  const begin = performance.now();
  const outcome = await run.ended;
  if (outcome !== "ended") throw new Error(`the undisturbed run ended with: ${outcome}`);
  return { expected: resultsIn(folder), seconds: (performance.now() - begin) / 1000 };
}

export const compared = (folder: string, expected: Record<string, string>): Outcome => {
  const found = resultsIn(folder);
  if (isDeepStrictEqual(found, expected)) return done;
  return third(
    `other bytes: ${[...new Set([...Object.keys(found), ...Object.keys(expected)])].filter((name) => found[name] !== expected[name]).join(", ")}`,
  );
};

/** Does work in a new folder, which is removed afterwards. */
export async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "sera-campaign-"));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Kills runs at random moments, several times each, and lets them end: expects the bytes of an undisturbed run. */
export function kills(options: CampaignOptions): Promise<Tally[]> {
  return inFolder(async (whole) => {
    const tally = new Tally("kill and resume", "a run with every option");
    const begin = performance.now();
    const { expected, seconds } = await undisturbed(whole);
    const random = Random.seeded(options.seed).fork("kills");
    for (let trial = 0; tally.count < options.count && timeLeft(begin, options); trial++) {
      await inFolder(async (folder) => {
        let killed = 0;
        let outcome = "";
        while (!/^(ended|refused)/.test(outcome)) {
          const run = startRun(folder, "full");
          if (killed < mostKills) {
            const stop = new AbortController();
            // Kill only after the run has begun: before that, there is nothing to lose.
            await run.begun;
            await Promise.race([
              run.ended,
              wait(1000 * random.uniform() * seconds, undefined, { signal: stop.signal }).catch(() => {}),
            ]);
            stop.abort();
            if (run.child.exitCode === null) {
              run.child.kill("SIGKILL");
              killed++;
            }
          }
          outcome = await run.ended;
          if (killed === mostKills && outcome.startsWith("killed") && !outcome.includes("SIGKILL")) break;
        }
        const result = outcome === "ended" ? compared(folder, expected) : third(outcome);
        for (let kill = 0; kill < killed; kill++) tally.add(result, `seed ${options.seed}, run ${trial}`);
      });
    }
    tally.seconds = (performance.now() - begin) / 1000;
    return [tally];
  });
}

/** Resumes one folder in two processes: expects one to end, the other to be refused or to read the result, and the same bytes. */
export function twoProcesses(options: CampaignOptions): Promise<Tally[]> {
  return inFolder(async (whole) => {
    const tally = new Tally("two processes", "one run folder");
    const begin = performance.now();
    const { expected, seconds } = await undisturbed(whole);
    const random = Random.seeded(options.seed).fork("two processes");
    for (let trial = 0; tally.count < options.count && timeLeft(begin, options); trial++) {
      await inFolder(async (folder) => {
        const first = startRun(folder, "full");
        await first.begun;
        await wait(1000 * random.uniform() * seconds);
        first.child.kill("SIGKILL");
        await first.ended;
        const one = startRun(folder, "full");
        await wait(1000 * random.uniform());
        const outcomes = await Promise.all([one.ended, startRun(folder, "full").ended]);
        const asExpected =
          outcomes.includes("ended") &&
          outcomes.every((outcome) => /^(ended|refused: .*in use by process \d+ on .*)$/.test(outcome));
        tally.add(
          asExpected ? compared(folder, expected) : third(outcomes.join(" | ")),
          `seed ${options.seed}, trial ${trial}`,
        );
      });
    }
    tally.seconds = (performance.now() - begin) / 1000;
    return [tally];
  });
}

/** Damages every file of a run folder in ten ways, in a finished run and in one to be resumed. */
export function damagedFolders(options: CampaignOptions): Promise<Tally[]> {
  return inFolder(async (root) => {
    const engine = new OnnxEngine({ threads: 1 });
    const programs = new ProgramCache(engine);
    const method = fullSera();
    const open = async (folder: string, signal?: AbortSignal, onStart: (label: string) => void = () => {}) =>
      openRun(
        method,
        await fullInput(programs),
        { folder },
        { ...(signal && { signal }), reporter: { start: (label) => (onStart(label), { update() {}, finish() {} }) } },
      );
    try {
      const ended = join(root, "ended");
      await open(ended);
      const expected = resultsIn(ended);
      const begun = join(root, "begun");
      const abort = new AbortController();
      await open(
        begun,
        abort.signal,
        (label) => void (label.startsWith("align 2") && abort.abort(new Error("stop"))),
      ).catch((error: Error) => {
        if (error.message !== "stop") throw error;
      });
      const tallies: Tally[] = [];
      for (const [state, source] of [
        ["has ended", ended],
        ["goes on", begun],
      ] as const) {
        const tally = new Tally("damaged run folder", `a run that ${state}`);
        tallies.push(tally);
        const begin = performance.now();
        const random = Random.seeded(options.seed).fork("damage", state);
        const attempts = random.shuffle(
          runFilesIn(source).flatMap((name) => Object.keys(damages).map((how) => ({ name, how }))),
        );
        for (const { name, how } of attempts.slice(0, options.count)) {
          if (!timeLeft(begin, { ...options, seconds: options.seconds / 2 })) break;
          const folder = join(root, "damaged");
          cpSync(source, folder, { recursive: true });
          damages[how]!(join(folder, name), random.fork(name, how));
          const outcome = await open(folder)
            .then(() => Run.open(folder))
            .then(
              () => sameButFor(name, folder, expected),
              (error: unknown) => outcomeOfError(error, [folder, "run.json", "manifest.json"]),
            );
          tally.add(outcome, `${name} ${how}`);
          rmSync(folder, { recursive: true, force: true });
        }
        tally.seconds = (performance.now() - begin) / 1000;
      }
      return tallies;
    } finally {
      await engine.close();
    }
  });
}

/** A file that nothing reads may stay damaged; all others must be correct. */
function sameButFor(name: string, folder: string, expected: Record<string, string>): Outcome {
  const { [name]: _, ...others } = resultsIn(folder);
  const { [name]: __, ...rest } = expected;
  return isDeepStrictEqual(others, rest) ? done : third("other files changed");
}
