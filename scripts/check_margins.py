#!/usr/bin/env python3
"""Holds the margins that `sera align` wrote to those that PyTorch computes from the checkpoints it wrote.

Reads of the run folder
  run.json                                      "gamma" among its options, the weight of the older policy in the ensemble
  pairs.jsonl                                   {id, prompt, chosen, rejected}: token ids as trained
  iteration-0/model                             the reference: the SFT policy
  iteration-(N-1)/model, iteration-(N-2)/model  the two policies that reviewed the pairs of iteration N
  iteration-N/margins.jsonl                     {id, chosenReward, rejectedReward, margin, previousMargin, ensemble, kept}

With rho(y) = log pi(y|x) - log pi_ref(y|x), summed over the response's tokens, the columns should be: rho of chosen and
of rejected under the policy of iteration N-1; their difference; that difference under the policy of iteration N-2;
and ensemble = (1 - gamma) * margin + gamma * previousMargin. The error of a number is |ours - torch| / max(1, |torch|).

Where the models are adapters, PEFT puts them on the base that --base names, in Hugging Face's layout.

Exits with 1 if any error is above 1e-3, with 2 if the run folder is not as described.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor
from transformers import AutoModelForCausalLM, PreTrainedModel
from transformers.utils.logging import disable_progress_bar

TOLERANCE = 1e-3
COLUMNS = ["chosenReward", "rejectedReward", "margin", "previousMargin", "ensemble"]
# Rows of similar length are scored together, so that a batch has little padding.
BATCH_TOKENS = 4096


class RunError(Exception):
    """The run folder is not what it should be."""


def read_json(path: Path) -> dict:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError) as error:
        raise RunError(f"{path}: {error}") from error


def read_rows(path: Path, fields: list[str]) -> Iterator[dict]:
    try:
        lines = path.read_text(encoding="utf-8").rstrip("\n").split("\n")
    except OSError as error:
        raise RunError(f"{path}: {error}") from error
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise RunError(f"{path}:{number}: {error}") from error
        missing = [field for field in fields if field not in row]
        if missing:
            raise RunError(f"{path}:{number}: no {', '.join(missing)}; found {', '.join(row)}")
        yield row


def latest_reviewed(run: Path) -> int:
    reviewed = [int(path.parent.name.removeprefix("iteration-")) for path in run.glob("iteration-*/margins.jsonl")]
    if not reviewed:
        raise RunError(f"{run}: found no iteration-N/margins.jsonl, expected a run of `sera align` with 2 iterations or more")
    return max(reviewed)


def load(folder: Path, base: Path | None, dtype: torch.dtype) -> PreTrainedModel:
    if not (folder / "adapter_config.json").exists():
        return load_model(folder, dtype)
    if base is None:
        raise RunError(f"{folder}: found an adapter; give the model that it is on as --base")
    from peft import PeftModel

    return PeftModel.from_pretrained(load_model(base, dtype), folder).eval()


def load_model(folder: Path, dtype: torch.dtype) -> PreTrainedModel:
    if not folder.is_dir():
        raise RunError(f"{folder}: found no such folder, expected a model")
    model, info = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, output_loading_info=True)
    # transformers initialises missing weights randomly and continues.
    amiss = {what: sorted(names) for what, names in info.items() if names}
    if amiss:
        raise RunError(f"{folder}: found weights that are not those of its config: {amiss}")
    return model.eval()


def batches(rows: list[tuple[list[int], list[int]]]) -> Iterator[list[int]]:
    """Indices of rows, with rows of similar length together."""
    batch: list[int] = []
    for index in sorted(range(len(rows)), key=lambda i: len(rows[i][0]) + len(rows[i][1])):
        # This row is the longest so far; the others are padded to its length.
        if batch and (len(batch) + 1) * (len(rows[index][0]) + len(rows[index][1])) > BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


@torch.inference_mode()
def response_log_probs(model: PreTrainedModel, rows: list[tuple[list[int], list[int]]]) -> Tensor:
    """Summed log-probability of each response given its prompt, [rows], in float64."""
    sums = torch.zeros(len(rows), dtype=torch.float64)
    for batch in batches(rows):
        width = max(len(rows[i][0]) + len(rows[i][1]) for i in batch)
        ids = torch.zeros(len(batch), width, dtype=torch.long)
        in_response = torch.zeros(len(batch), width, dtype=torch.bool)
        for at, index in enumerate(batch):
            prompt, response = rows[index]
            end = len(prompt) + len(response)
            ids[at, :end] = torch.tensor(prompt + response)
            in_response[at, len(prompt) : end] = True
        # Padding is on the right, where a causal model cannot see it.
        log_probs = model(ids, use_cache=False).logits[:, :-1].log_softmax(-1)
        tokens = log_probs.gather(-1, ids[:, 1:, None])[..., 0].double()
        sums[batch] = tokens.masked_fill(~in_response[:, 1:], 0).sum(1)
    return sums


def torch_columns(
    run: Path, iteration: int, pairs: list[dict], base: Path | None, dtype: torch.dtype
) -> dict[str, Tensor]:
    """The columns of margins.jsonl, recomputed, each [pairs]."""
    sides = [(pair["prompt"], pair[side]) for side in ("chosen", "rejected") for pair in pairs]

    def scores(of: int) -> Tensor:
        return response_log_probs(load(run / f"iteration-{of}" / "model", base, dtype), sides).view(2, len(pairs))

    reference = scores(0)
    chosen, rejected = scores(iteration - 1) - reference
    # The SFT policy is its own reference: its margins are 0.
    older_chosen, older_rejected = (scores(iteration - 2) if iteration > 2 else reference) - reference
    margin, previous = chosen - rejected, older_chosen - older_rejected
    gamma = read_json(run / "run.json").get("facts", {}).get("options", {}).get("gamma")
    if not isinstance(gamma, (int, float)):
        raise RunError(f'{run / "run.json"}: found gamma {gamma!r}, expected a number')
    return dict(zip(COLUMNS, [chosen, rejected, margin, previous, (1 - gamma) * margin + gamma * previous]))


def print_table(ours: dict[str, Tensor], theirs: dict[str, Tensor], ids: list[str]) -> float:
    """Prints a line per column; returns the largest error."""
    print(f"{'column':<18}{'mean':>12}{'torch':>12}{'max error':>12}  worst pair")
    worst = 0.0
    for name in COLUMNS:
        error = (ours[name] - theirs[name]).abs() / theirs[name].abs().clamp(min=1)
        # A NaN counts as a disagreement.
        error = error.nan_to_num(nan=float("inf"))
        at = int(error.argmax())
        print(f"{name:<18}{ours[name].mean():>12.5f}{theirs[name].mean():>12.5f}{error[at]:>12.1e}  {ids[at]}")
        worst = max(worst, error[at].item())
    return worst


def check(run: Path, iteration: int | None, limit: int | None, base: Path | None, dtype: torch.dtype) -> bool:
    iteration = latest_reviewed(run) if iteration is None else iteration
    if iteration < 2:
        raise RunError(f"found iteration {iteration}, expected 2 or more: the first one selects nothing")
    tokenized = {row["id"]: row for row in read_rows(run / "pairs.jsonl", ["id", "prompt", "chosen", "rejected"])}
    path = run / f"iteration-{iteration}" / "margins.jsonl"
    written = list(read_rows(path, ["id", *COLUMNS]))[:limit]
    unknown = [row["id"] for row in written if row["id"] not in tokenized]
    if unknown or not written:
        found = f"pair {unknown[0]!r}, which pairs.jsonl does not have" if unknown else "no rows"
        raise RunError(f"{path}: found {found}, expected the pairs of the run")

    ids = [row["id"] for row in written]
    # JSON has no NaN; it was written as null.
    ours = {
        name: torch.tensor([float("nan") if row[name] is None else row[name] for row in written], dtype=torch.float64)
        for name in COLUMNS
    }
    theirs = torch_columns(run, iteration, [tokenized[id] for id in ids], base, dtype)
    worst = print_table(ours, theirs, ids)
    agree = worst <= TOLERANCE
    print(f"{len(ids)} pairs of iteration {iteration}: {'agree' if agree else 'DISAGREE'} (max error {worst:.1e}, allowed {TOLERANCE:.0e})")
    return agree


def positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"found {text}, expected 1 or more")
    return value


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, metavar="RUN_DIR", help="the folder that `sera align --out` wrote")
    parser.add_argument("--iteration", type=positive, metavar="N", help="which iteration's margins (default: the last)")
    parser.add_argument("--limit", type=positive, metavar="K", help="only the first K pairs")
    parser.add_argument("--base", type=Path, metavar="FOLDER", help="the model that adapters are on")
    parser.add_argument("--dtype", choices=["float32", "float64"], default="float64", help="PyTorch's precision (default: float64)")
    options = parser.parse_args()
    disable_progress_bar()
    try:
        agree = check(options.run, options.iteration, options.limit, options.base, getattr(torch, options.dtype))
    except RunError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
    sys.exit(0 if agree else 1)


if __name__ == "__main__":
    main()
