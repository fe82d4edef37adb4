"""Says what the cluster has, and that it reads and writes the storage."""

from importlib.metadata import PackageNotFoundError, version
from typing import Any

import ray

from . import PROTOCOL
from .storage import Stage

PINNED = ["ray", "torch", "transformers", "trl", "peft", "accelerate"]


def check(stage: Stage, workers: int, gpus: float) -> dict[str, Any]:
    # Read and given back: the other side then knows that it is the same storage.
    nonce = stage.read_json("request.json")["nonce"]
    ray.init(address="auto", log_to_driver=False)
    return {"nonce": nonce, "protocol": PROTOCOL, "versions": {name: _version(name) for name in PINNED}, "resources": ray.cluster_resources()}


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
