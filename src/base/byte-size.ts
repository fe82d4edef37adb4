const units = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
} as const;

/** A size in memory: bytes, or a number and a unit, such as "8GB" (10⁹ bytes each) or "512 MiB" (2²⁰). */
export type ByteSize = number | string;

/** Parses a size to bytes; undefined if it is not a valid size. */
export function bytesIn(size: unknown): number | undefined {
  if (typeof size === "number") return size >= 1 && size <= Number.MAX_SAFE_INTEGER ? Math.floor(size) : undefined;
  const [, number, unit] = (typeof size === "string" && /^\s*(\d+(?:\.\d+)?)\s*([kmgt]i?b|b)?\s*$/i.exec(size)) || [];
  if (number === undefined) return undefined;
  const [, scale] = Object.entries(units).find(([name]) => name.toLowerCase() === (unit ?? "b").toLowerCase())!;
  return bytesIn(Number(number) * scale);
}

/** Formats a number of bytes: "1.5 GB", "340 MB". */
export function formatBytes(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.ceil(bytes / 1e6)} MB`;
}
