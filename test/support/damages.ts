import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Random } from "../../src/base/random.js";

/** Ways to damage a file of a run folder. */
export const damages: Readonly<Record<string, (file: string, random: Random) => void>> = {
  removed: (file) => rmSync(file),
  emptied: (file) => truncateSync(file, 0),
  cut: (file) => truncateSync(file, Math.floor(statSync(file).size / 2)),
  "cut by one byte": (file) => truncateSync(file, Math.max(0, statSync(file).size - 1)),
  lengthened: (file) => appendFileSync(file, "{}\n"),
  "one bit flipped": (file, random) => {
    const bytes = readFileSync(file);
    bytes[random.integer(bytes.length)]! ^= 1 << random.integer(8);
    writeFileSync(file, bytes);
  },
  "one digit changed": (file, random) => {
    const bytes = readFileSync(file);
    const digits = [...bytes.keys()].filter((i) => bytes[i]! >= 0x30 && bytes[i]! <= 0x39);
    const at = digits.length > 0 ? random.pick(digits) : 0;
    bytes[at] = bytes[at] === 0x31 ? 0x32 : 0x31;
    writeFileSync(file, bytes);
  },
  "filled with zeros": (file) => writeFileSync(file, Buffer.alloc(statSync(file).size)),
  "written anew by an editor": (file) =>
    writeFileSync(file, `\ufeff${readFileSync(file, "utf8").replaceAll("\n", "\r\n")}`),
  "a folder in its place": (file) => {
    rmSync(file);
    mkdirSync(file);
  },
};

/** The files of a run folder, by name. */
export const runFilesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => statSync(join(folder, name)).isFile() && !name.includes(".lock-"))
    .sort();
