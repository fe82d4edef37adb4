/* Information in the name of a GGUF file. */

/** Whether a path's name is that of a GGUF file. */
export const isGgufName = (path: string) => path.endsWith(".gguf");

const partName = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/s;

/** The parts of a split model in order, by the name of one of them; a single file is its only part. */
export function partsOfFile(path: string): string[] {
  const [, prefix, , total] = partName.exec(path) ?? [];
  if (prefix === undefined) return [path];
  return Array.from({ length: Number(total) }, (_, i) => `${prefix}-${`${i + 1}`.padStart(5, "0")}-of-${total}.gguf`);
}

const label = /(?:^|[-._])((?:UD-)?(?:IQ[1-4]|Q[1-8]|TQ[12]|BF16|F16|F32|MXFP4|NVFP4)(?:_[0-9A-Z]+)*)(?=[-._]|$)/gi;

/** The quantisation in a file's name, such as `Q4_K_M`, in capitals; undefined if there is none. */
export function quantizationLabel(fileName: string): string | undefined {
  return [...fileName.matchAll(label)].at(-1)?.[1]?.toUpperCase();
}
