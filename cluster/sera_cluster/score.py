"""Log-probabilities of responses, by Ray Data over workers that hold the model."""

from __future__ import annotations

from typing import Any

import ray
import torch

from .models import device_of, dtype_of, load_model
from .storage import Stage

# Rows that go through the model together, and logits that are held at once.
BATCH = 16
LOGITS = 2**28


def score(stage: Stage, workers: int, gpus: float) -> None:
    ray.init(address="auto")
    count = stage.request()["count"]
    scored = stage.read("sequences.jsonl", max(1, min(count // BATCH, 4 * workers))).map_batches(
        Scorer,
        fn_constructor_kwargs={"stage": stage, "gpus": gpus},
        batch_size=BATCH,
        batch_format="pandas",
        compute=ray.data.ActorPoolStrategy(min_size=1, max_size=workers),
        num_cpus=1,
        num_gpus=gpus or None,
    )
    found: list[Any] = [None] * count
    for done, row in enumerate(scored.iter_rows(), start=1):
        found[row["index"]] = row["found"]
        if done % 256 == 0:
            stage.progress(done, count)
    stage.write_rows("scores.jsonl", ([float(value) for value in row] for row in found))


class Scorer:
    """Log-probability of each response token, in nats."""

    def __init__(self, stage: Stage, gpus: float):
        request = stage.request()
        self.tokens = request["tokens"]
        self.device = device_of(gpus)
        self.model = load_model(stage, request, dtype_of(request)).to(self.device).eval()

    @torch.inference_mode()
    def __call__(self, batch: Any) -> Any:
        found = []
        rows = list(zip(batch["prompt"], batch["response"], strict=True))
        longest = max(len(prompt) + len(response) for prompt, response in rows)
        together = max(1, LOGITS // (longest * self.model.config.get_text_config().vocab_size))
        for start in range(0, len(rows), together):
            found += self.score(rows[start : start + together])
        return batch.assign(found=[values if self.tokens else [values.sum()] for values in found])[["index", "found"]]

    def score(self, rows: list[Any]) -> list[Any]:
        lengths = [len(prompt) + len(response) for prompt, response in rows]
        ids = torch.zeros((len(rows), max(lengths)), dtype=torch.long)
        for row, (prompt, response) in enumerate(rows):
            ids[row, : lengths[row]] = torch.tensor([*prompt, *response])
        mask = torch.arange(max(lengths))[None, :] < torch.tensor(lengths)[:, None]
        logits = self.model(input_ids=ids.to(self.device), attention_mask=mask.to(self.device), use_cache=False).logits
        found = []
        for row, (prompt, response) in enumerate(rows):
            # The token before each says how likely it is.
            own = logits[row, len(prompt) - 1 : lengths[row] - 1].float().log_softmax(-1)
            picked = own.gather(1, torch.tensor([*response], dtype=torch.long, device=self.device)[:, None])
            found.append(picked[:, 0].double().cpu().numpy())
        return found
