import { createRequire } from "node:module";
import type { Content } from "../wire/message.js";
import { protocolVersion } from "../wire/wire.js";

const require = createRequire(import.meta.url);
const ours = require("sera-lab/package.json") as { version: string };
const compiler = require("typescript-for-cells/package.json") as { version: string };

/** The reply to a front end's first request to a kernel. */
export const kernelInfo: Content = {
  status: "ok",
  protocol_version: protocolVersion,
  implementation: "sera",
  implementation_version: ours.version,
  language_info: {
    name: "typescript",
    version: compiler.version,
    mimetype: "text/typescript",
    file_extension: ".ts",
    pygments_lexer: "typescript",
    // `mode` is for JupyterLab, the rest for remaining uses of Notebook 6.
    codemirror_mode: { mode: "typescript", name: "javascript", typescript: true },
    nbconvert_exporter: "script",
  },
  banner: `sera-lab ${ours.version}: preference alignment of language models, in TypeScript ${compiler.version} on Node ${process.versions.node}`,
  debugger: false,
  supported_features: [],
  help_links: [
    { text: "SeRA (arXiv 2410.09362)", url: "https://arxiv.org/abs/2410.09362" },
    { text: "TypeScript Handbook", url: "https://www.typescriptlang.org/docs/handbook/intro.html" },
    { text: "Vega-Lite", url: "https://vega.github.io/vega-lite/docs/" },
  ],
};
