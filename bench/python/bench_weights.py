#!/usr/bin/env python3
"""transformers' side of bench/weights.ts: responses sampled by `generate` in float32.

    python bench/python/bench_weights.py FOLDER

FOLDER holds the model and the prompts (work.json). Prints one JSON object.
"""

import json
import resource
import sys
import time
from pathlib import Path

import torch
from bench_torch import physical_cores
from transformers import AutoModelForCausalLM


def main() -> None:
    folder = Path(sys.argv[1])
    work = json.loads((folder / "work.json").read_text())
    torch.set_num_threads(physical_cores())
    torch.manual_seed(1)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    prompts = work["prompts"]
    length = max(map(len, prompts))
    ids = torch.tensor([[work["padId"]] * (length - len(prompt)) + prompt for prompt in prompts])
    mask = torch.tensor([[0] * (length - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    tokens = work["newTokens"]
    start = time.perf_counter()
    with torch.inference_mode():
        written = model.generate(
            ids,
            attention_mask=mask,
            do_sample=True,
            temperature=0.7,
            top_k=0,
            top_p=1.0,
            num_return_sequences=work["responses"],
            min_new_tokens=tokens,
            max_new_tokens=tokens,
            pad_token_id=work["padId"],
        )
    seconds = time.perf_counter() - start
    assert written.shape == (len(prompts) * work["responses"], length + tokens)
    print(json.dumps({"seconds": seconds, "peakBytes": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}))


if __name__ == "__main__":
    main()
