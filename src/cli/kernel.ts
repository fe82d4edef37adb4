import { Command, Option } from "commander";
import { resolve } from "node:path";
import { answerOf } from "../kernel/install/ask.js";
import { activePrefix, dataFolderOf, userDataFolder } from "../kernel/install/folders.js";
import { installSpec, removeSpec, specFolder } from "../kernel/install/spec.js";
import { doctor } from "./kernel/doctor.js";

interface PlaceArguments {
  readonly user?: boolean;
  readonly sysPrefix?: boolean;
  readonly prefix?: string;
}

export function kernelCommand(): Command {
  return new Command("kernel")
    .description("Install the Jupyter kernel, and find out why it does not run.")
    .addCommand(installCommand())
    .addCommand(uninstallCommand())
    .addCommand(doctorCommand());
}

function installCommand(): Command {
  return placeOptions(new Command("install").description("Install the kernel in Jupyter.")).action(
    async (place: PlaceArguments) => {
      const { folder, displayName, argv } = await installSpec(await dataFolder(place));
      process.stdout.write(
        `installed the kernel "${displayName}" in ${folder}\n` +
          `it runs ${argv.slice(0, 2).join(" ")}\n\n` +
          `Choose "${displayName}" in JupyterLab, Notebook or VS Code; sera kernel doctor says whether it runs.\n`,
      );
    },
  );
}

function uninstallCommand(): Command {
  return placeOptions(new Command("uninstall").description("Remove the kernel from Jupyter.")).action(
    async (place: PlaceArguments) => {
      const folder = await dataFolder(place);
      const removed = await removeSpec(folder);
      process.stdout.write(removed ? `removed ${removed}\n` : `nothing to remove: there is no ${specFolder(folder)}\n`);
    },
  );
}

function doctorCommand(): Command {
  return new Command("doctor")
    .description("Check whether the kernel can run here, and say what to do if it cannot.")
    .action(async () => {
      if (!(await doctor())) process.exitCode = 1;
    });
}

function placeOptions(command: Command): Command {
  return command
    .addOption(new Option("--user", "install for this user (the default)").conflicts(["sysPrefix", "prefix"]))
    .addOption(
      new Option("--sys-prefix", "install into the active virtual environment or conda environment").conflicts(
        "prefix",
      ),
    )
    .option("--prefix <folder>", "install into the environment in this folder, under share/jupyter/kernels");
}

async function dataFolder({ sysPrefix, prefix }: PlaceArguments): Promise<string> {
  if (prefix !== undefined) return dataFolderOf(resolve(prefix));
  if (sysPrefix) return dataFolderOf(await activePrefix());
  return (await answerOf("jupyter", ["--data-dir"])) ?? userDataFolder();
}
