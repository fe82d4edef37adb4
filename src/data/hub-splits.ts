import { z } from "zod";
import { groupBy } from "../base/collections.js";
import { globPattern } from "./glob.js";

/** A dataset's file paths, in order, by configuration and split. */
export interface DatasetSplits {
  readonly configs: ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;
  /** The default configuration, if there is one. */
  readonly usual: string | undefined;
}

const oneOrMore = z.union([z.string(), z.array(z.string())]).transform((paths) => [paths].flat());
const configSchema = z.looseObject({
  config_name: z.string(),
  data_files: z
    .union([
      oneOrMore.transform((path) => [{ split: "train", path }]),
      z.array(z.looseObject({ split: z.string(), path: oneOrMore })),
    ])
    .optional(),
  data_dir: z.string().default(""),
  default: z.boolean().default(false),
});
const cardSchema = z.looseObject({ configs: z.array(configSchema).min(1) });

/**
 * The splits of a dataset of JSON Lines or Parquet files, by the rules of Python's `datasets`: as the card lists them,
 * or else by file names: `data/<split>-00000-of-00001…`, or the word train, validation or test (also valid, val, dev,
 * eval) in a folder's or file's name. The first rule that matches any file applies, and files that do not match it are
 * left out; if none matches, all files are `train`. Without a card, the configurations are `default` (all files) and
 * one per folder.
 *
 * @param paths of all files in the repository
 * @param card the metadata at the head of its README
 * @returns an empty set of configurations if there are no such files
 */
export function datasetSplits(paths: readonly string[], card: unknown): DatasetSplits {
  const rows = paths.filter((path) => /\.(?:jsonl|jsonl\.gz|parquet)$/.test(path)).toSorted();
  const described = cardSchema.safeParse(card);
  if (!described.success) return splitsByName(rows);
  const { configs } = described.data;
  const usual = configs.find((config) => config.default || config.config_name === "default");
  return found(
    configs.map((config) => [
      config.config_name,
      config.data_files ? filesOfCard(rows, config) : inFolder(rows, config.data_dir),
    ]),
    usual?.config_name,
  );
}

/**
 * The splits of the hub's own Parquet conversion: `<config>/<split>/0000.parquet`. As on the hub, a partially converted
 * split is called `partial-…`.
 */
export function convertedSplits(paths: readonly string[]): DatasetSplits {
  const rows = paths.filter((path) => /^[^/]+\/[^/]+\/[^/]+\.parquet$/.test(path)).toSorted();
  const byConfig = groupBy(rows, (path) => path.split("/")[0]!);
  return found(
    [...byConfig].map(([config, files]) => [config, groupBy(files, (path) => path.split("/")[1]!)]),
    "default",
  );
}

function splitsByName(rows: readonly string[]): DatasetSplits {
  const folders = [...new Set(rows.filter((path) => path.includes("/")).map((path) => path.split("/")[0]!))];
  const configs = folders.filter((name) => name !== "data" && name !== "default" && wordIn(`${name}.`) === undefined);
  return found(
    [["default", inFolder(rows, "")], ...configs.map((name) => [name, inFolder(rows, name)] as const)],
    "default",
  );
}

/** The configurations that have files. */
function found(
  configs: readonly (readonly [string, ReadonlyMap<string, readonly string[]>])[],
  usual: string | undefined,
): DatasetSplits {
  const filled = new Map(configs.filter(([, splits]) => splits.size > 0));
  const only = filled.size === 1 ? [...filled.keys()][0] : undefined;
  return { configs: filled, usual: usual !== undefined && filled.has(usual) ? usual : only };
}

function filesOfCard(rows: readonly string[], config: z.infer<typeof configSchema>): Map<string, string[]> {
  const splits = config.data_files!.map(({ split, path }): [string, string[]] => {
    const files = path.flatMap((glob) => {
      const pattern = globPattern(glob);
      return filesBelow(rows, config.data_dir)
        .filter(({ own }) => pattern.test(own))
        .map(({ path }) => path);
    });
    return [split, [...new Set(files)]];
  });
  return new Map(splits.filter(([, files]) => files.length > 0));
}

/** The splits of a folder's files by their names. */
function inFolder(rows: readonly string[], folder: string): Map<string, string[]> {
  const files = filesBelow(rows, folder);
  for (const splitOf of namings) {
    const named = files
      .map(({ path, own }) => ({ path, split: splitOf(own) }))
      .filter(({ split }) => split !== undefined);
    const splits = groupBy(named, ({ split }) => split!);
    if (splits.size > 0) return new Map([...splits].map(([split, group]) => [split, group.map(({ path }) => path)]));
  }
  return new Map();
}

/** The files of a folder, each with its path relative to the folder. */
function filesBelow(rows: readonly string[], folder: string): { readonly path: string; readonly own: string }[] {
  const trimmed = folder.replace(/^\.?\/|\/$/g, "");
  const prefix = trimmed && `${trimmed}/`;
  return rows.filter((path) => path.startsWith(prefix)).map((path) => ({ path, own: path.slice(prefix.length) }));
}

/** Rules by which a path names its split; the first rule that matches any file applies to all. */
const namings: readonly ((path: string) => string | undefined)[] = [
  (path) => /^data\/([^/]+)-\d{5}-of-\d{5}[^/]*\.[^/]*$/.exec(path)?.[1],
  (path) =>
    path
      .split("/")
      .slice(0, -1)
      .map((folder) => wordIn(`${folder}.`))
      .findLast((split) => split !== undefined),
  (path) => wordIn(path.slice(path.lastIndexOf("/") + 1)),
  () => "train",
];

const splitWords: Readonly<Record<string, string>> = {
  train: "train",
  training: "train",
  validation: "validation",
  valid: "validation",
  val: "validation",
  dev: "validation",
  test: "test",
  testing: "test",
  eval: "test",
  evaluation: "test",
};

/** The split named by a word of a file name, words being separated by dots, dashes, underscores, spaces and digits. */
function wordIn(name: string): string | undefined {
  const words = name.split(/[-._ 0-9]/).slice(0, -1);
  return words.map((word) => splitWords[word]).find((split) => split !== undefined);
}
