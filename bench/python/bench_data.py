#!/usr/bin/env python3
"""Python's side of bench/data.ts: reads pairs with datasets, tokenises them with tokenizers, and tabulates lengths in pandas.

    python bench/python/bench_data.py PAIRS FOLDER rows|batched

FOLDER holds the tokenizer. "rows" tokenises each pair separately, as TRL's trainers do; "batched" tokenises a thousand at a time,
which the library spreads over the cores. Prints one JSON object.
"""

import json
import resource
import sys
import tempfile
import time

import pandas
from datasets import load_dataset
from transformers import AutoTokenizer

pairs, folder, way = sys.argv[1:]


def timed(task):
    begin, before = time.perf_counter(), time.process_time()
    result = task()
    return {"seconds": time.perf_counter() - begin, "processor": time.process_time() - before}, result


tokenizer = AutoTokenizer.from_pretrained(folder)


def texts(prompt, chosen, rejected):
    asked = tokenizer.apply_chat_template(prompt, tokenize=False, add_generation_prompt=True)
    answers = [tokenizer.apply_chat_template(prompt + answer, tokenize=False)[len(asked) :] for answer in (chosen, rejected)]
    return asked, *answers


def ids(batch):
    return tokenizer(batch, add_special_tokens=False)["input_ids"]


names = ("prompt_ids", "chosen_ids", "rejected_ids")


def tokenize_row(row):
    return dict(zip(names, map(ids, texts(row["prompt"], row["chosen"], row["rejected"]))))


def tokenize_batch(batch):
    columns = zip(*(texts(*row) for row in zip(batch["prompt"], batch["chosen"], batch["rejected"])))
    return dict(zip(names, (ids(list(column)) for column in columns)))


with tempfile.TemporaryDirectory() as cache:
    load, data = timed(lambda: load_dataset("json", data_files=pairs, split="train", cache_dir=cache))
    batched = way == "batched"
    function = tokenize_batch if batched else tokenize_row
    tokenize, tokenized = timed(lambda: data.map(function, batched=batched, remove_columns=["prompt", "chosen", "rejected"]))
    table, frame = timed(lambda: pandas.DataFrame({"id": tokenized["id"], **{name: list(map(len, tokenized[name])) for name in names}}))
    tokens = int(sum(frame[name].sum() for name in names))
peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"load": load, "tokenize": tokenize, "table": table, "tokens": tokens, "peakBytes": peak}))
