"""Responses to prompts, by Ray Data over workers that hold the model: vLLM where there are GPUs and it is installed, else transformers."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from itertools import product
from typing import Any

import ray
import torch

from .models import device_of, dtype_of, load_model, load_tokenizer
from .storage import Stage

# Prompts whose responses are written together by transformers; vLLM batches by itself.
PROMPTS = {"transformers": 16, "vllm": 256}


def sample(stage: Stage, workers: int, gpus: float) -> dict[str, Any]:
    request = stage.request()
    ray.init(address="auto")
    engine = "vllm" if gpus > 0 and find_spec("vllm") else "transformers"
    writer: Any = VllmWriter if engine == "vllm" else TransformersWriter
    written = stage.read("prompts.jsonl", max(1, min(request["prompts"] // PROMPTS[engine], 4 * workers))).map_batches(
        writer,
        fn_constructor_kwargs={"stage": stage, "gpus": gpus},
        batch_size=PROMPTS[engine],
        batch_format="pandas",
        compute=ray.data.ActorPoolStrategy(min_size=1, max_size=workers),
        num_cpus=1,
        num_gpus=gpus or None,
    )
    def rows() -> Iterator[dict[str, Any]]:
        for done, row in enumerate(written.iter_rows(), start=1):
            yield {"request": int(row["request"]), "number": int(row["number"]), "tokens": [int(token) for token in row["tokens"]], "complete": bool(row["complete"])}
            if done % 64 == 0:
                stage.progress(done, request["responses"])

    stage.write_rows("samples.jsonl", rows())
    return {"engine": engine}


class Writer:
    """What both engines have in common: the settings, and where a response ends."""

    def __init__(self, stage: Stage, gpus: float):
        self.request = stage.request()
        self.stops = set(self.request["stopIds"])

    def limit(self, prompt: Any) -> int:
        return min(self.request["sampling"]["maxNewTokens"], self.request["contextLength"] - len(prompt))

    def ended(self, tokens: list[int], limit: int) -> dict[str, Any]:
        """A response up to its first stop token, which is kept, and whether there is one."""
        tokens = tokens[:limit]
        end = next((at for at, token in enumerate(tokens) if token in self.stops), None)
        return {"tokens": tokens if end is None else tokens[: end + 1], "complete": end is not None}


class TransformersWriter(Writer):
    def __init__(self, stage: Stage, gpus: float):
        super().__init__(stage, gpus)
        self.device = device_of(gpus)
        self.model = load_model(stage, self.request, dtype_of(self.request)).to(self.device).eval()

    @torch.inference_mode()
    def __call__(self, batch: Any) -> Any:
        import pandas

        rows = []
        # All rows of a call get as many responses.
        for count, some in batch.groupby("responses"):
            # The stream is that of the first prompt: which worker answers does not matter.
            torch.manual_seed(self.request["seed"] + int(some["request"].iloc[0]))
            longest = max(len(prompt) for prompt in some["prompt"])
            ids = torch.full((len(some), longest), min(self.stops, default=0), dtype=torch.long)
            mask = torch.zeros_like(ids)
            for row, prompt in enumerate(some["prompt"]):
                ids[row, longest - len(prompt) :] = torch.tensor([*prompt])
                mask[row, longest - len(prompt) :] = 1
            limits = [self.limit(prompt) for prompt in some["prompt"]]
            written = self.model.generate(
                input_ids=ids.to(self.device),
                attention_mask=mask.to(self.device),
                max_new_tokens=max(limits),
                eos_token_id=sorted(self.stops),
                pad_token_id=min(self.stops, default=0),
                **self.sampling(int(count)),
            )
            each = len(written) // len(some)
            for row, number in product(range(len(some)), range(int(count))):
                # Greedy, all responses to a prompt are the one that was written.
                tokens = written[row * each + min(number, each - 1), longest:].tolist()
                rows.append({"request": some["request"].iloc[row], "number": number, **self.ended(tokens, limits[row])})
        return pandas.DataFrame(rows)

    def sampling(self, count: int) -> dict[str, Any]:
        wanted = self.request["sampling"]
        shared = {"repetition_penalty": wanted["repetitionPenalty"]}
        if wanted["temperature"] == 0:
            return {"do_sample": False, **shared}
        return {"do_sample": True, "num_return_sequences": count, "temperature": wanted["temperature"], "top_k": wanted["topK"], "top_p": wanted["topP"], "min_p": wanted["minP"] or None, **shared}


class VllmWriter(Writer):
    def __init__(self, stage: Stage, gpus: float):
        super().__init__(stage, gpus)
        from vllm import LLM

        folder = stage.local_model(self.request["model"])
        if self.request["base"] is not None:
            # It is gone with the worker.
            self.scratch = tempfile.TemporaryDirectory()
            folder = self.scratch.name
            load_model(stage, self.request, dtype_of(self.request)).save_pretrained(folder)
            load_tokenizer(stage, self.request).save_pretrained(folder)
        self.llm = LLM(folder, dtype=self.request["dtype"], seed=self.request["seed"], max_model_len=self.request["contextLength"], skip_tokenizer_init=True)

    def __call__(self, batch: Any) -> Any:
        import pandas
        from vllm import SamplingParams

        wanted = self.request["sampling"]
        prompts = [{"prompt_token_ids": [*map(int, prompt)]} for prompt in batch["prompt"]]
        settings = [
            SamplingParams(
                n=int(row["responses"]),
                temperature=wanted["temperature"],
                top_k=wanted["topK"],
                top_p=wanted["topP"],
                min_p=wanted["minP"],
                repetition_penalty=wanted["repetitionPenalty"],
                max_tokens=self.limit(row["prompt"]),
                stop_token_ids=sorted(self.stops),
                seed=self.request["seed"] + int(row["request"]),
                detokenize=False,
            )
            for _, row in batch.iterrows()
        ]
        rows = []
        for request, settings_of, answer in zip(batch["request"], settings, self.llm.generate(prompts, settings), strict=True):
            for number, output in enumerate(answer.outputs):
                rows.append({"request": request, "number": number, **self.ended([*output.token_ids], settings_of.max_tokens)})
        return pandas.DataFrame(rows)
