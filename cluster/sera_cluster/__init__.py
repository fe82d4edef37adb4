"""The side of sera-lab that runs on a Ray cluster.

Each job does one stage: it reads `request.json` and the data beside it from a folder of shared storage, and leaves its
results there, `result.json` last. What a stage is named by is a digest of all that it depends on, so that a stage that
is there is done.
"""

PROTOCOL = 1
"""Of the files that both sides exchange; src/run/ray/versions.ts has the same number."""
