/** Version of the exchanged files; must equal that in `cluster/sera_cluster/__init__.py`. */
export const protocol = 1;

/** Versions required on a cluster, as installed by `cluster/pyproject.toml`; other versions train differently. */
export const pinned = {
  ray: "2.60.0",
  torch: "2.15.0",
  transformers: "5.23.0",
  trl: "1.16.0",
  peft: "0.21.2",
  accelerate: "1.15.0",
} as const;
