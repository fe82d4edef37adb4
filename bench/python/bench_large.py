#!/usr/bin/env python3
"""PyTorch's side of bench/large.ts: DPO steps with PEFT's LoRA on a checkpoint stored in bf16 and computed in float32.

    python bench/python/bench_large.py '{"checkpoint": …}'

Logits are computed only where a response token is predicted. Prints one JSON object.
"""

import json
import statistics
import sys
import time
from pathlib import Path

import torch
from bench_torch import MAX_GRAD_NORM, physical_cores
from peft import LoraConfig, get_peft_model
from torch.nn.functional import logsigmoid
from transformers import AutoModelForCausalLM

BETA = 0.1


def peak_bytes() -> int:
    """Peak resident memory since the last call (Linux only)."""
    status = Path("/proc/self/status").read_text()
    Path("/proc/self/clear_refs").write_text("5")
    return 1024 * int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])


def seconds(work) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def main() -> None:
    work = json.loads(sys.argv[1])
    torch.set_num_threads(physical_cores())
    torch.manual_seed(2)

    def load() -> torch.nn.Module:
        base = AutoModelForCausalLM.from_pretrained(work["checkpoint"], dtype=torch.float32, attn_implementation="sdpa")
        lora = LoraConfig(r=work["rank"], lora_alpha=2 * work["rank"], lora_dropout=work["dropout"],
                          target_modules="all-linear", task_type="CAUSAL_LM")
        return get_peft_model(base, lora)

    start = time.perf_counter()
    model = load()
    load_seconds = time.perf_counter() - start
    peak_load = peak_bytes()

    model.train()
    if work["recompute"]:
        model.gradient_checkpointing_enable({"use_reentrant": False})
        model.enable_input_require_grads()
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=1e-4, weight_decay=0.0)
    vocabulary, response = model.config.vocab_size, work["response"]
    prompt = torch.randint(vocabulary, (1, work["prompt"]))
    rows = torch.cat([prompt.expand(2, -1), torch.randint(vocabulary, (2, response))], 1)
    losses = []

    def step() -> None:
        optimizer.zero_grad()
        logits = model(rows, use_cache=False, logits_to_keep=response + 1).logits[:, :-1]
        targets = rows[:, -response:]
        chosen, rejected = logits.log_softmax(-1).gather(-1, targets.unsqueeze(-1)).squeeze(-1).sum(-1)
        loss = -logsigmoid(BETA * (chosen - rejected))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, MAX_GRAD_NORM)
        optimizer.step()
        losses.append(loss.item())

    times = [seconds(step) for _ in range(work["steps"] + 1)]
    peak_step = peak_bytes()
    optimizer.zero_grad()
    # What follows is counted without the memory that was just freed.
    peak_bytes()

    model.eval()
    if work["recompute"]:
        model.gradient_checkpointing_disable()

    def write() -> None:
        ids = torch.randint(vocabulary, (1, 32))
        with torch.inference_mode():
            model.generate(ids, attention_mask=torch.ones_like(ids), do_sample=False,
                           min_new_tokens=work["newTokens"], max_new_tokens=work["newTokens"])

    write()
    writing = seconds(write)
    print(json.dumps({
        "loadSeconds": load_seconds,
        "firstStepSeconds": times[0],
        "stepSeconds": statistics.median(times[1:]),
        "tokensPerSecond": work["newTokens"] / writing,
        "losses": losses,
        "peakBytes": {"load": peak_load, "step": peak_step, "generate": peak_bytes()},
    }))


main()
