/* What the name of a GGUF file says. */

/** Whether a path is a GGUF file's by its name. */
export const isGgufName = (path: string) => path.endsWith(".gguf");

const partName = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/s;

/** The parts of a model that is split over several files, in their order, by the name of one; a file alone is its only part. */
export function partsOfFile(path: string): string[] {
  const [, prefix, , total] = partName.exec(path) ?? [];
  if (prefix === undefined) return [path];
  return Array.from({ length: Number(total) }, (_, i) => `${prefix}-${`${i + 1}`.padStart(5, "0")}-of-${total}.gguf`);
}

const label = /(?:^|[-._])((?:UD-)?(?:IQ[1-4]|Q[1-8]|TQ[12]|BF16|F16|F32|MXFP4|NVFP4)(?:_[0-9A-Z]+)*)(?=[-._]|$)/gi;

/** The quantisation that a file's name says, such as `Q4_K_M`, in capitals; undefined where it says none. */
export function quantizationLabel(fileName: string): string | undefined {
  return [...fileName.matchAll(label)].at(-1)?.[1]?.toUpperCase();
}
