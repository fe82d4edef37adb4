import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { startRun } from "../support/started-run.js";
import { Tally, third, timeLeft, type CampaignOptions } from "./outcomes.js";
import { compared, inFolder, undisturbed } from "./runs.js";

/** Runs in a file system that is too small or read-only: expects one clear error and, with enough room, the same bytes. */
export function fullDisk(options: CampaignOptions): Promise<Tally[]> {
  return inFolder(async (root) => {
    const full = new Tally("full disk", "a run with every option");
    const readOnly = new Tally("read-only disk", "a run with every option");
    const disk = join(root, "disk");
    mkdirSync(disk);
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=64m", "tmpfs", disk], { stdio: "pipe" });
    } catch (error) {
      const told = (error as { stderr?: Buffer }).stderr?.toString() || (error as Error).message;
      full.skipped = readOnly.skipped = `mounting a file system needs root on Linux (${told.trim().split("\n")[0]})`;
      return [full, readOnly];
    }
    const remount = (how: string) => execFileSync("mount", ["-o", `remount,${how}`, disk]);
    const begin = performance.now();
    try {
      const { expected } = await undisturbed(join(root, "whole"));
      // Each additional page lets the run get a little further.
      for (
        let pages = 1;
        full.count < options.count && pages <= 400 && timeLeft(begin, options);
        pages += 1 + Math.floor(400 / options.count)
      ) {
        const folder = join(disk, `run-${pages}`);
        remount(`size=${usedBytes(disk) + pages * 4096}`);
        const outcome = await startRun(folder, "full").ended;
        remount("size=64m");
        if (outcome !== "ended" && !/^refused: .*(ENOSPC|no space|disk is full)/.test(outcome))
          full.add(third(outcome), `${pages} pages`);
        else {
          const again = await startRun(folder, "full").ended;
          full.add(
            again === "ended" ? compared(folder, expected) : third(`with room again: ${again}`),
            `${pages} pages`,
          );
        }
        execFileSync("rm", ["-rf", folder]);
      }
      full.seconds = (performance.now() - begin) / 1000;
      for (const there of [false, true]) {
        const folder = join(disk, "read-only");
        if (there) await undisturbed(folder);
        remount("ro");
        const outcome = await startRun(folder, "full").ended;
        remount("rw");
        const isClear = /^refused: .*(EROFS|EACCES|EPERM|read-only)/.test(outcome) && outcome.includes(disk);
        if (there && outcome === "ended") readOnly.done++;
        else if (isClear) readOnly.refused++;
        else readOnly.add(third(outcome), there ? "a run that has ended" : "a new run");
      }
      return [full, readOnly];
    } finally {
      execFileSync("umount", ["-l", disk]);
    }
  });
}

function usedBytes(folder: string): number {
  const [, line] = execFileSync("df", ["--output=used", "-B1", folder], { encoding: "utf8" }).trim().split("\n");
  return Number(line);
}
