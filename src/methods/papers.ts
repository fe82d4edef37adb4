/** The papers of methods and losses, by arXiv number. */
const papers: Readonly<Record<string, string>> = {
  sera: "2410.09362",
  dice: "2406.09760",
  spin: "2401.01335",
  "curry dpo": "2403.07230",
  "reward augmented": "2410.08067",
  bmc: "2408.07471",
  irepo: "2405.15230",
  aihf: "2406.06874",
  spo: "2409.17791",
  spa: "2406.04412",
  sapo: "2405.20830",
  "proxy reward": "2407.02119",
  "iterative dpo": "2312.16682",
  dpo: "2305.18290",
  rdpo: "2403.00409",
  ipo: "2310.12036",
  slic: "2305.10425",
  simpo: "2405.14734",
  orpo: "2403.07691",
  "kto-pair": "2402.01306",
  "sppo-hard": "2405.00675",
  "exo-pair": "2402.00856",
  "nca-pair": "2402.05369",
  "bco-pair": "2404.04656",
  "apo-zero": "2408.06266",
  "apo-down": "2408.06266",
  discopop: "2406.08414",
  aot: "2406.05882",
  "aot-unpaired": "2406.05882",
  "dpo-bmc": "2408.07471",
  "ipo-bmc": "2408.07471",
  "orpo-bmc": "2408.07471",
  aipo: "2409.08845",
};

/** Returns the papers of methods and losses, without duplicates; custom ones have none. */
export function papersOf(...names: readonly string[]): string[] {
  return [...new Set(names.flatMap((name) => papers[name] ?? []))];
}
