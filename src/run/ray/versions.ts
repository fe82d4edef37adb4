/** Of the files that both sides exchange; `cluster/sera_cluster/__init__.py` has the same number. */
export const protocol = 1;

/** What a cluster has to have, as `cluster/pyproject.toml` installs it: other versions train by other rules. */
export const pinned = {
  ray: "2.60.0",
  torch: "2.15.0",
  transformers: "5.23.0",
  trl: "1.16.0",
  peft: "0.21.2",
  accelerate: "1.15.0",
} as const;
