#!/usr/bin/env python3
"""Reads a run's event files with TensorBoard, and compares them with its metrics.jsonl (pip install tensorboard).

    sera align … --out runs/mine --track tensorboard:logs
    python scripts/check_tensorboard.py runs/mine logs

Every figure of every step must be there exactly once, and nothing else. Exits with 1 if one is missing, duplicated or
different.
"""

import json
import sys
from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator, SCALARS

run, logs = map(Path, sys.argv[1:3])
digest = json.loads((run / "run.json").read_text())["digest"]
(events,) = logs.rglob(f"*{digest[:16]}*")

expected = {}
for step, line in enumerate((run / "metrics.jsonl").read_text().splitlines(), 1):
    row = json.loads(line)
    group = "sft" if row["phase"] == "sft" else "train"
    for name, value in row.items():
        if name in ("phase", "step") or not isinstance(value, (int, float)):
            continue
        tag = f"eval/{name[5:]}" if name.startswith("eval_") else f"{group}/{name}"
        expected.setdefault(tag, []).append((step, value))

# 0 reads all of them; by default TensorBoard reads a sample.
read = EventAccumulator(str(events.parent), size_guidance={SCALARS: 0})
read.Reload()
found = {tag: [(event.step, event.value) for event in read.Scalars(tag)] for tag in read.Tags()["scalars"]}

problems = [f"{tag}: in one of the two alone" for tag in expected.keys() ^ found.keys()]
for tag in expected.keys() & found.keys():
    if [step for step, _ in expected[tag]] != [step for step, _ in found[tag]]:
        problems.append(f"{tag}: {len(found[tag])} steps, expected {len(expected[tag])}")
    elif any(abs(a - b) > 1e-6 * max(1, abs(a)) for (_, a), (_, b) in zip(expected[tag], found[tag])):
        problems.append(f"{tag}: other values")
print("\n".join(problems) or f"{len(found)} figures of {max(len(rows) for rows in found.values())} steps agree")
sys.exit(1 if problems else 0)
