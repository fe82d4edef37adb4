#!/usr/bin/env python3
"""Times an iteration of SeRA with transformers and TRL on a CPU, for comparison in bench/sera-iteration.ts.

    python bench/python/bench_trl_iteration.py FOLDER POLICY '{"batchSize": …}'

FOLDER holds model/, the start in Hugging Face layout, and pairs.jsonl, the tokenised pairs; POLICY is the model of the previous
iteration, or its adapter. Prints {"scoring": ..., "sampling": ..., "training": ..., "peakBytes": ...} as its last line.
"""

import json
import resource
import sys
import time
from pathlib import Path

import torch
from bench_torch import physical_cores
from bench_trl import TokenTrainer, dpo_config
from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoTokenizer

# As many rows as on our side: responses are sorted by length, so there is little padding.
ROWS = 32


def main() -> None:
    folder, policy_folder = Path(sys.argv[1]), Path(sys.argv[2])
    settings = json.loads(sys.argv[3])
    torch.set_num_threads(physical_cores())
    torch.manual_seed(1)

    def load(path: Path) -> torch.nn.Module:
        return AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32)

    tokenizer = AutoTokenizer.from_pretrained(folder / "model")
    padding = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id
    if (policy_folder / "adapter_config.json").exists():
        from peft import PeftModel

        policy = PeftModel.from_pretrained(load(folder / "model"), policy_folder, is_trainable=True)
        reference = None
    else:
        policy, reference = load(policy_folder), load(folder / "model")
    rows = [json.loads(line) for line in (folder / "pairs.jsonl").read_text().splitlines()]

    def log_probs(model: torch.nn.Module, sequences: list[tuple[list[int], list[int]]]) -> list[float]:
        """log π(response | prompt) of each, in nats."""
        found = [0.0] * len(sequences)
        order = sorted(range(len(sequences)), key=lambda i: sum(map(len, sequences[i])))
        with torch.inference_mode():
            for begin in range(0, len(order), ROWS):
                batch = [sequences[i] for i in order[begin : begin + ROWS]]
                length = max(len(prompt) + len(response) for prompt, response in batch)
                ids = torch.full((len(batch), length), padding)
                counted = torch.zeros((len(batch), length), dtype=torch.bool)
                for row, (prompt, response) in enumerate(batch):
                    ids[row, : len(prompt) + len(response)] = torch.tensor(prompt + response)
                    counted[row, len(prompt) : len(prompt) + len(response)] = True
                logits = model(ids, use_cache=False).logits[:, :-1]
                tokens = logits.log_softmax(-1).gather(-1, ids[:, 1:].unsqueeze(-1)).squeeze(-1)
                sums = (tokens * counted[:, 1:]).sum(-1)
                for row, i in enumerate(order[begin : begin + ROWS]):
                    found[i] = sums[row].item()
        return found

    def rewards(sequences: list[tuple[list[int], list[int]]]) -> list[float]:
        """Implicit rewards over β."""
        policy.eval()
        own = log_probs(policy, sequences)
        if reference is not None:
            before = log_probs(reference, sequences)
        else:
            with policy.disable_adapter():
                before = log_probs(policy, sequences)
        return [a - b for a, b in zip(own, before)]

    scoring = sampling = 0.0
    begin = time.perf_counter()
    pairs = rewards([(row["prompt_ids"], row[side]) for row in rows for side in ("chosen_ids", "rejected_ids")])
    margins = [pairs[2 * i] - pairs[2 * i + 1] for i in range(len(rows))]
    kept = sorted(range(len(rows)), key=lambda i: -margins[i])[: round(0.7 * len(rows))]
    scoring += time.perf_counter() - begin

    begin = time.perf_counter()
    prompts = sorted({tuple(row["prompt_ids"]) for row in rows}, key=len)
    written: list[tuple[list[int], list[int]]] = []
    with torch.inference_mode():
        for at in range(0, len(prompts), ROWS):
            batch = prompts[at : at + ROWS]
            length = max(map(len, batch))
            ids = torch.tensor([[padding] * (length - len(prompt)) + list(prompt) for prompt in batch])
            mask = torch.tensor([[0] * (length - len(prompt)) + [1] * len(prompt) for prompt in batch])
            answers = policy.generate(
                input_ids=ids,
                attention_mask=mask,
                do_sample=True,
                temperature=settings["temperature"],
                top_k=0,
                top_p=1.0,
                num_return_sequences=settings["responses"],
                max_new_tokens=settings["maxNewTokens"],
                pad_token_id=padding,
            )[:, length:]
            for i, answer in enumerate(answers.tolist()):
                end = answer.index(tokenizer.eos_token_id) + 1 if tokenizer.eos_token_id in answer else len(answer)
                written.append((list(batch[i // settings["responses"]]), answer[:end]))
    sampling += time.perf_counter() - begin

    begin = time.perf_counter()
    labels = rewards(written)
    made = []
    for at in range(0, len(written), settings["responses"]):
        group = sorted(range(at, at + settings["responses"]), key=lambda i: labels[i])
        worst, best = group[0], group[-1]
        if written[best][1] != written[worst][1]:
            made.append((labels[best] - labels[worst], written[best], written[worst]))
    made.sort(key=lambda one: -one[0])
    own = [
        {"prompt_ids": prompt, "chosen_ids": chosen, "rejected_ids": rejected}
        for _, (prompt, chosen), (_, rejected) in made[: round(0.3 * len(rows))]
    ]
    scoring += time.perf_counter() - begin

    config = dpo_config(settings["batchSize"], settings["beta"], settings["learningRate"])
    begin = time.perf_counter()
    trainer = TokenTrainer(
        model=policy,
        ref_model=reference,
        args=config,
        train_dataset=Dataset.from_list([rows[i] for i in kept] + own),
        processing_class=tokenizer,
    )
    trainer.train()
    training = time.perf_counter() - begin
    peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"scoring": scoring, "sampling": sampling, "training": training, "peakBytes": peak}))


if __name__ == "__main__":
    main()
