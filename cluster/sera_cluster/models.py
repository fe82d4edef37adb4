"""Models as sera-lab keeps them: a checkpoint folder in Hugging Face layout, or a PEFT adapter on one."""

from __future__ import annotations

from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase

from .storage import Stage


def load_model(stage: Stage, request: dict[str, Any], dtype: torch.dtype, trainable: bool = False) -> PreTrainedModel:
    """The model of a request; an adapter is merged into its base unless it is to be trained."""
    folder, base = request["model"], request["base"]
    model = AutoModelForCausalLM.from_pretrained(stage.local_model(base or folder), dtype=dtype)
    if base is None:
        return model
    from peft import PeftModel

    adapted = PeftModel.from_pretrained(model, stage.local_model(folder), is_trainable=trainable)
    return adapted if trainable else adapted.merge_and_unload()


def load_tokenizer(stage: Stage, request: dict[str, Any]) -> PreTrainedTokenizerBase:
    return AutoTokenizer.from_pretrained(stage.local_model(request["base"] or request["model"]))


def dtype_of(request: dict[str, Any]) -> torch.dtype:
    return {"float32": torch.float32, "bfloat16": torch.bfloat16}[request["dtype"]]


def device_of(gpus: float) -> torch.device:
    return torch.device("cuda" if gpus > 0 else "cpu")
