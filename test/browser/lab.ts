import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createWriteStream } from "node:fs";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "../../src/base/free-ports.js";
import { installSpec } from "../../src/kernel/install/spec.js";
import { until } from "./until.js";

/** Settings that JupyterLab would otherwise ask a new user about. */
const settings: Readonly<Record<string, object>> = {
  "apputils-extension/notification": { fetchNews: "false", checkForUpdates: false },
};

/** A separate JupyterLab with its notebooks, settings and kernelspecs in a folder that is removed at the end. */
export class Lab {
  private constructor(
    readonly folder: string,
    private readonly server: ChildProcess,
    private readonly address: string,
    private readonly token: string,
  ) {}

  /**
   * Starts JupyterLab on copies of notebooks, with the kernel of this build.
   *
   * @param python the Python of an environment with JupyterLab
   * @param notebooks a folder of notebooks
   * @param log a file for the server's output
   */
  static async start(python: string, notebooks: string, log: string): Promise<Lab> {
    const home = await mkdtemp(join(tmpdir(), "sera-browser-"));
    const folder = join(home, "notebooks");
    await cp(notebooks, folder, { recursive: true, filter: (path) => !path.includes(".ipynb_checkpoints") });
    const [config, data] = [join(home, "config"), join(home, "data")];
    for (const [name, content] of Object.entries(settings)) {
      const file = join(config, "lab/user-settings/@jupyterlab", `${name}.jupyterlab-settings`);
      await mkdir(join(file, ".."), { recursive: true });
      await writeFile(file, JSON.stringify(content));
    }
    await installSpec(data);
    const [port] = (await freePorts(1)) as [number];
    const token = randomBytes(16).toString("hex");
    const options = [
      ...["--no-browser", "--allow-root", `--port=${port}`, "--ServerApp.port_retries=0"],
      ...[`--ServerApp.root_dir=${folder}`, `--IdentityProvider.token=${token}`],
    ];
    const server = spawn(python, ["-m", "jupyterlab", ...options], {
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        JUPYTER_CONFIG_DIR: config,
        JUPYTER_DATA_DIR: data,
        // Takes precedence over the kernelspecs of the environment.
        JUPYTER_PATH: data,
        JUPYTER_RUNTIME_DIR: join(home, "runtime"),
        JUPYTERLAB_SETTINGS_DIR: join(config, "lab/user-settings"),
        JUPYTERLAB_WORKSPACES_DIR: join(home, "workspaces"),
        SERA_SCALE: "smoke",
      },
    });
    // In case the test itself is ended.
    process.once("exit", () => server.kill());
    const file = createWriteStream(log);
    server.stdout.pipe(file);
    server.stderr.pipe(file);
    const lab = new Lab(folder, server, `http://127.0.0.1:${port}`, token);
    await until(`JupyterLab's server, see ${log}`, () => lab.answers(), 60).catch(async (error: unknown) => {
      await lab.close();
      throw error;
    });
    return lab;
  }

  /** The address of a notebook in its own workspace. */
  addressOf(notebook: string): string {
    return `${this.address}/lab/workspaces/${notebook.replace(/\W/g, "-")}/tree/${notebook}?reset&token=${this.token}`;
  }

  /** Ends the server and its kernels, and removes its folder. */
  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.server.once("close", resolve));
    if (this.server.exitCode === null && this.server.signalCode === null) {
      this.server.kill("SIGTERM");
      await ended;
    }
    await rm(join(this.folder, ".."), { recursive: true, force: true });
  }

  private async answers(): Promise<boolean> {
    if (this.server.exitCode !== null)
      throw new Error(`JupyterLab ended with ${this.server.exitCode} before it answered`);
    const answer = await fetch(`${this.address}/api/status?token=${this.token}`).catch(() => undefined);
    return answer?.ok ?? false;
  }
}
