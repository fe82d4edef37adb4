#!/usr/bin/env python3
"""Times one piece of work in PyTorch, for the TypeScript benchmark to stand beside.

The model is transformers' Llama (eager, sdpa attention, float32) at a size of bench/sizes.json, with as many threads
as the machine has physical cores. All rows are full and every position has a target, so that both sides do the same
work: batch * length logits.

  forward           mean cross-entropy of the batch, without gradients
  forward-backward  the same with gradients of all parameters
  step              forward-backward, global-norm clipping, AdamW (the fastest of PyTorch's implementations here)
  score             log-probability of each row, without gradients: what scoring batch / 2 pairs costs
  decode-ROWS       greedy, 1, 16 or 64 prompts of 32 tokens, 64 new tokens each: the faster of `generate` and a lean loop
  sample-ROWS       the same with tokens drawn at temperature 1
  matmul            the machine's rate: 1024 x 1024 x 1024, and the feed-forward's matmul at this size

Prints one JSON object: milliseconds (median of `samples`), tokensPerSecond where tokens are worked on, peakRssBytes
of this process (baseRssBytes of it before there was a model), and what is said of the parts. A measure takes about
20 seconds at most on two cores.
"""

import argparse
import json
import os
import resource
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psutil
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from transformers import LlamaConfig, LlamaForCausalLM

SIZES = json.loads((Path(__file__).parent.parent / "sizes.json").read_text())
SECONDS = 8
DECODE_ROWS, DECODE_PROMPT, DECODE_NEW = (1, 16, 64), 32, 64
MAX_GRAD_NORM = 1.0


def physical_cores() -> int:
    cores = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    return min(cores, len(psutil.Process().cpu_affinity())) if sys.platform == "linux" else cores


def peak_rss_bytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def samples(work: Callable[[], object], seconds: float = SECONDS, warm_up: int = 1, least: int = 3) -> list[float]:
    """Milliseconds of each run of `work`: at least `least` runs, and more until `seconds` have passed."""
    for _ in range(warm_up):
        work()
    times, end = [], time.perf_counter() + seconds
    while len(times) < least or (time.perf_counter() < end and len(times) < 50):
        start = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - start))
    return times


def build_model(size: dict) -> LlamaForCausalLM:
    config = LlamaConfig(
        vocab_size=size["vocabSize"],
        hidden_size=size["hiddenSize"],
        intermediate_size=size["intermediateSize"],
        num_hidden_layers=size["layers"],
        num_attention_heads=size["heads"],
        num_key_value_heads=size["kvHeads"],
        head_dim=size["headSize"],
        max_position_embeddings=size["length"],
        rope_parameters={"rope_type": "default", "rope_theta": size["ropeTheta"]},
        rms_norm_eps=size["normEpsilon"],
        tie_word_embeddings=size["tiedEmbeddings"],
        bos_token_id=None,
        eos_token_id=None,
        pad_token_id=None,
    )
    torch.manual_seed(1)
    return LlamaForCausalLM._from_config(config, attn_implementation="sdpa")


def token_losses(model: LlamaForCausalLM, rows: Tensor, targets: Tensor, reduction: str) -> Tensor:
    logits = model(rows, use_cache=False).logits
    return cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction=reduction)


def random_rows(size: dict, rows: int, length: int) -> Tensor:
    return torch.randint(size["vocabSize"], (rows, length), generator=torch.Generator().manual_seed(2))


def training_batch(size: dict) -> tuple[Tensor, Tensor]:
    """Token ids and targets, each [batch, length]."""
    both = random_rows(size, size["batch"], size["length"] + 1)
    return both[:, :-1].contiguous(), both[:, 1:].contiguous()


def timed(times: list[float], tokens: int) -> dict:
    median = statistics.median(times)
    return {"milliseconds": median, "tokensPerSecond": 1000 * tokens / median, "samples": times}


def bench_forward(size: dict) -> dict:
    model, (rows, targets) = build_model(size), training_batch(size)
    with torch.inference_mode():
        return timed(samples(lambda: token_losses(model, rows, targets, "mean")), rows.numel())


def bench_forward_backward(size: dict) -> dict:
    model, (rows, targets) = build_model(size), training_batch(size)

    def work() -> None:
        model.zero_grad()
        token_losses(model, rows, targets, "mean").backward()

    return timed(samples(work), rows.numel())


def fastest_optimizer(model: LlamaForCausalLM) -> tuple[str, torch.optim.Optimizer, dict[str, float]]:
    """The AdamW implementation with the fastest update on this machine, and the milliseconds of each."""
    candidates = {"for-loop": {"foreach": False}, "foreach": {"foreach": True}, "fused": {"fused": True}}

    def build(name: str) -> torch.optim.Optimizer:
        return torch.optim.AdamW(model.parameters(), lr=1e-5, weight_decay=0.01, **candidates[name])

    took = {name: statistics.median(samples(build(name).step, seconds=0.3)) for name in candidates}
    best = min(took, key=took.get)
    optimizer = build(best)
    # The first update allocates the moments.
    optimizer.step()
    return best, optimizer, took


def fastest_clip(model: LlamaForCausalLM) -> tuple[str, bool, dict[str, float]]:
    """Whether clipping by the global norm is faster tensor by tensor or in foreach kernels."""

    def clip(foreach: bool) -> Tensor:
        return torch.nn.utils.clip_grad_norm_(model.parameters(), MAX_GRAD_NORM, foreach=foreach)

    candidates = {"for-loop": False, "foreach": True}
    took = {name: statistics.median(samples(lambda: clip(foreach), seconds=0.3)) for name, foreach in candidates.items()}
    best = min(took, key=took.get)
    return best, candidates[best], took


def bench_step(size: dict) -> dict:
    model, (rows, targets) = build_model(size), training_batch(size)
    token_losses(model, rows, targets, "mean").backward()
    optimizer_name, optimizer, optimizer_took = fastest_optimizer(model)
    clip_name, foreach, clip_took = fastest_clip(model)

    def work() -> None:
        optimizer.zero_grad()
        token_losses(model, rows, targets, "mean").backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), MAX_GRAD_NORM, foreach=foreach)
        optimizer.step()

    return {
        # By now, forward, backward, clipping and update have each run.
        **timed(samples(work, warm_up=0), rows.numel()),
        "optimizer": optimizer_name,
        "optimizerMilliseconds": optimizer_took,
        "clip": clip_name,
        "clipMilliseconds": clip_took,
    }


def bench_score(size: dict) -> dict:
    model, (rows, targets) = build_model(size), training_batch(size)
    with torch.inference_mode():
        times = samples(lambda: -token_losses(model, rows, targets, "none").view_as(targets).sum(1))
    return {**timed(times, rows.numel()), "pairsPerSecond": 500 * len(rows) / statistics.median(times)}


def bench_decode(size: dict, rows: int, sampled: bool) -> dict:
    # Imported here, because the other measures do not need it.
    from decode_loop import DecodeLoop

    model = build_model({**size, "length": DECODE_PROMPT + DECODE_NEW}).eval()
    prompts = random_rows(size, rows, DECODE_PROMPT)
    loop = DecodeLoop(model)
    mask = torch.ones_like(prompts)

    def with_generate(sampled: bool = sampled) -> Tensor:
        # Its default top_k is 50.
        drawn = {"do_sample": True, "temperature": 1.0, "top_k": 0} if sampled else {"do_sample": False}
        written = model.generate(prompts, attention_mask=mask, max_new_tokens=DECODE_NEW, **drawn)
        return written[:, DECODE_PROMPT:]

    def with_loop(sampled: bool = sampled) -> Tensor:
        return loop.generate(prompts, DECODE_NEW, sampled)

    agreement = (with_generate(False) == with_loop(False)).double().mean().item()
    if agreement < 0.9:
        raise SystemExit(f"generate and the lean loop agree on {agreement:.0%} of the tokens only: one of them is wrong")
    times = {"generate": samples(with_generate, SECONDS / 2), "loop": samples(with_loop, SECONDS / 2)}
    medians = {name: statistics.median(of) for name, of in times.items()}
    best = min(medians, key=medians.get)
    return {
        **timed(times[best], rows * DECODE_NEW),
        "rows": rows,
        "promptTokens": DECODE_PROMPT,
        "newTokens": DECODE_NEW,
        "by": best,
        "medianMilliseconds": medians,
        "agreement": agreement,
    }


def bench_matmul(size: dict) -> dict:
    """GFLOPS of [m, k] x [k, n], 2mkn operations each."""

    def rate(m: int, k: int, n: int) -> dict:
        a, b, out = torch.randn(m, k), torch.randn(k, n), torch.empty(m, n)
        times = samples(lambda: torch.mm(a, b, out=out), seconds=1.5, warm_up=3)
        median = statistics.median(times)
        return {"shape": [m, k, n], "milliseconds": median, "gflops": 2e-6 * m * k * n / median}

    tokens = size["batch"] * size["length"]
    return {
        "square": rate(1024, 1024, 1024),
        "feedForward": rate(tokens, size["hiddenSize"], size["intermediateSize"]),
    }


MEASURES = {
    "forward": bench_forward,
    "forward-backward": bench_forward_backward,
    "step": bench_step,
    "score": bench_score,
    **{f"decode-{rows}": partial(bench_decode, rows=rows, sampled=False) for rows in DECODE_ROWS},
    **{f"sample-{rows}": partial(bench_decode, rows=rows, sampled=True) for rows in DECODE_ROWS},
    "matmul": bench_matmul,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=SIZES, required=True, help="which model and batch of bench/sizes.json")
    parser.add_argument("--what", choices=MEASURES, required=True, help="which piece of work")
    options = parser.parse_args()

    torch.set_num_threads(physical_cores())
    base = peak_rss_bytes()
    result = MEASURES[options.what](SIZES[options.size])
    about = {
        "program": "PyTorch",
        "version": torch.__version__,
        "size": options.size,
        "what": options.what,
        "threads": torch.get_num_threads(),
        # An allocator that keeps its pages makes PyTorch markedly faster on Linux, so a result records the setting.
        "environment": {k: v for k, v in os.environ.items() if k.startswith(("MALLOC_", "LD_PRELOAD", "OMP_", "MKL_"))},
    }
    print(json.dumps({**about, **result, "baseRssBytes": base, "peakRssBytes": peak_rss_bytes()}))


if __name__ == "__main__":
    main()
