import { existsSync } from "node:fs";
import { isAbsolute, relative } from "node:path";
import { userDataFolder } from "../../kernel/install/folders.js";
import { kernelProgram, programOf, readSpec, type InstalledSpec } from "../../kernel/install/spec.js";
import { absent, bad, good, reasonOf, type Finding } from "./finding.js";
import { packageOf, versionIn } from "./packages.js";

/** Checks what the kernelspecs with our name in Jupyter's data folders start. */
export async function checkSpecs(dataFolders: readonly string[]): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const dataFolder of dataFolders) {
    try {
      const spec = await readSpec(dataFolder);
      if (spec) findings.push(describe(spec, again(dataFolder)));
    } catch (error) {
      findings.push(bad(reasonOf(error), again(dataFolder)));
    }
  }
  return findings.length > 0 ? findings : [absent("Jupyter does not know the kernel", "sera kernel install")];
}

/** The command that installs into a data folder. */
function again(dataFolder: string): string {
  if (relative(dataFolder, userDataFolder()) === "") return "sera kernel install --user";
  return `sera kernel install --prefix "${dataFolder.replace(/[\\/]share[\\/]jupyter[\\/]?$/, "")}"`;
}

function describe(spec: InstalledSpec, install: string): Finding {
  const program = programOf(spec);
  const node = spec.argv[0]!;
  if (!program)
    return absent(
      `${spec.folder}: the kernel "${spec.displayName}" of another program`,
      "two kernels of one name hide each other",
    );
  if (!existsSync(program)) return bad(`${spec.folder}: its kernel ${program} is gone`, install);
  if (isAbsolute(node) && !existsSync(node)) return bad(`${spec.folder}: its Node ${node} is gone`, install);
  if (program === kernelProgram) return good(`${spec.folder}: this sera-lab`);
  const other = packageOf(program);
  return absent(
    `${spec.folder}: another sera-lab, ${versionIn(other) ?? "of no version"} in ${other}`,
    `to use this one: ${install}`,
  );
}
