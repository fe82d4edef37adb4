#!/usr/bin/env python3
"""Times an epoch of DPO by TRL's DPOTrainer on a CPU, for bench/dpo-epoch.ts to stand beside.

FOLDER holds model/ in Hugging Face layout, adapter/ in PEFT's where an adapter is trained, and pairs.jsonl, pairs in tokens. The trainer gets the tokens as they are,
so that both sides read the same. What is timed is the trainer's making, in which it computes the reference's
log-probabilities where it is told to, and the training; not the loading of the model.

Prints {"seconds": ..., "processorSeconds": ..., "peakBytes": ..., "firstLoss": ...} as its last line.
"""

import argparse
import json
import os
import resource
import tempfile
import time
from pathlib import Path

# The trainer caches log-probabilities under the reference here; each run starts with an empty cache.
os.environ["HF_DATASETS_CACHE"] = tempfile.mkdtemp()

import psutil
import torch
from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import DPOConfig, DPOTrainer


class TokenTrainer(DPOTrainer):
    """A DPOTrainer whose examples are already tokenised."""

    def _prepare_dataset(self, dataset, *args, **kwargs):
        return dataset


def dpo_config(batch_size: int, beta: float, learning_rate: float, **more: bool) -> DPOConfig:
    """One epoch in float32, with nothing besides training."""
    return DPOConfig(
        output_dir=tempfile.mkdtemp(),
        per_device_train_batch_size=batch_size,
        num_train_epochs=1,
        learning_rate=learning_rate,
        beta=beta,
        max_length=None,
        gradient_checkpointing=False,
        use_cpu=True,
        bf16=False,
        save_strategy="no",
        report_to=[],
        logging_steps=1,
        disable_tqdm=True,
        seed=1,
        **more,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--batch-size", type=int, required=True)
    parser.add_argument("--beta", type=float, required=True)
    parser.add_argument("--learning-rate", type=float, required=True)
    parser.add_argument("--precompute", action="store_true")
    args = parser.parse_args()

    torch.set_num_threads(psutil.cpu_count(logical=False) or os.cpu_count() or 1)
    model = AutoModelForCausalLM.from_pretrained(args.folder / "model", dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(args.folder / "model")
    if (args.folder / "adapter").exists():
        from peft import PeftModel

        model = PeftModel.from_pretrained(model, args.folder / "adapter", is_trainable=True)
    rows = [json.loads(line) for line in (args.folder / "pairs.jsonl").read_text().splitlines()]
    config = dpo_config(args.batch_size, args.beta, args.learning_rate, precompute_ref_log_probs=args.precompute)
    begin, before = time.perf_counter(), time.process_time()
    trainer = TokenTrainer(model=model, args=config, train_dataset=Dataset.from_list(rows), processing_class=tokenizer)
    trainer.train()
    print(json.dumps({
        "seconds": time.perf_counter() - begin,
        "processorSeconds": time.process_time() - before,
        "peakBytes": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        "firstLoss": trainer.state.log_history[0]["loss"],
    }))


if __name__ == "__main__":
    main()
