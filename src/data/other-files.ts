/*
 * Recognizes files that are passed as JSON Lines but are of another kind, and says what to do with them.
 */

/** File types by their first bytes, in Latin-1. */
const byBytes: readonly (readonly [beginning: string, look: string])[] = [
  ["PK\x03\x04", "a zip archive or a spreadsheet; unpack it, or save the sheet as JSON Lines"],
  ["ARROW1", "an Arrow file; write it as Parquet (Dataset.to_parquet)"],
  ["\xff\xff\xff\xff", "an Arrow stream; write it as Parquet (Dataset.to_parquet)"],
  ["\x28\xb5\x2f\xfd", "data compressed by zstd; unpack it, or compress it by gzip"],
  ["BZh", "data compressed by bzip2; unpack it, or compress it by gzip"],
  ["\xfd7zXZ", "data compressed by xz; unpack it, or compress it by gzip"],
  ["SQLite format 3", "an SQLite database; write its rows as JSON Lines"],
  ["\x80\x04\x95", "a Python pickle, which is never opened; write its rows as JSON Lines"],
  ["\xff\xfe", "text in UTF-16; save it as UTF-8"],
  ["\xfe\xff", "text in UTF-16; save it as UTF-8"],
];

/** Recognizes another kind of file by its first bytes. */
export function lookOfBytes(head: Buffer): string | undefined {
  const beginning = head.toString("latin1");
  return byBytes.find(([bytes]) => beginning.startsWith(bytes))?.[1];
}

/** Recognizes another kind of file by a first line that is not JSON; undefined if it may be a damaged line of JSON Lines. */
export function lookOfLine(line: string): string | undefined {
  const text = line.trim();
  if (text.startsWith("[")) return "a JSON array; jq -c '.[]' file.json > file.jsonl turns an array into lines";
  if (/^\{(?:$|.*[,{[]$)/.test(text))
    return "JSON whose objects go over several lines; jq -c . file.json > file.jsonl writes each on a line of its own";
  if (text.startsWith("version https://git-lfs.github.com/"))
    return "a pointer of Git LFS in place of the file itself; git lfs pull fetches it";
  if (/^<(?:!doctype|html|\?xml)/i.test(text))
    return "a web page or XML; download the file itself (on the hub: its address with /resolve/, not /blob/)";
  if (/^(?:---|%YAML)/.test(text)) return "YAML; write its rows as JSON Lines";
  const cells = ["\t", ",", ";"]
    .map((separator) => text.split(separator))
    .find((parts) => parts.length > 1 && parts.every((part) => /^"?[\w.-]+(?: [\w-]+){0,2}"?$/.test(part)));
  if (cells && !text.startsWith("{"))
    return "a table (CSV or TSV); pandas.read_csv(file).to_json('file.jsonl', orient='records', lines=True) writes its rows as JSON Lines";
  return undefined;
}
