"""Trains by TRL's DPOTrainer under Ray Train, on the batches and learning rates that the request says."""

from __future__ import annotations

import math
import tempfile
import time
from typing import Any

import ray
import torch
from datasets import Dataset
from ray.train import CheckpointConfig, FailureConfig, RunConfig, ScalingConfig, get_checkpoint, get_context
from ray.train.huggingface.transformers import RayTrainReportCallback, prepare_trainer
from ray.train.torch import TorchTrainer
from torch.optim.lr_scheduler import LambdaLR
from transformers import TrainerCallback
from trl import DPOConfig, DPOTrainer

from .models import load_model, load_tokenizer
from .storage import Stage

# What src/run/ray/trl-loss.ts maps names to.
LOSSES = {"sigmoid", "sigmoid_norm", "hinge", "ipo", "exo_pair", "nca_pair", "robust", "sppo_hard", "aot", "aot_unpaired", "apo_zero", "apo_down", "discopop", "sft"}

# Times that Ray starts workers again which were lost, before the job fails.
MAX_FAILURES = 3


def train(stage: Stage, workers: int, gpus: float) -> dict[str, Any]:
    request = stage.request()
    unknown = sorted(set(request["loss"]["types"]) - LOSSES)
    if unknown:
        raise SystemExit(f"loss: TRL has no {', '.join(unknown)} that means the same here; it has {', '.join(sorted(LOSSES))}")
    ray.init(address="auto")
    begin = time.monotonic()
    TorchTrainer(
        _worker,
        train_loop_config={"storage": stage.storage, "stage": stage.name, "gpus": gpus},
        scaling_config=ScalingConfig(
            num_workers=workers,
            use_gpu=gpus > 0,
            resources_per_worker={"CPU": 1, **({"GPU": gpus} if gpus > 0 else {})},
        ),
        # The same name in the same place goes on from the last checkpoint that is there.
        run_config=RunConfig(
            name="train",
            storage_path=f"{stage.url}/ray",
            failure_config=FailureConfig(max_failures=MAX_FAILURES),
            checkpoint_config=CheckpointConfig(num_to_keep=1),
        ),
    ).fit()
    # The model is there: its checkpoints, three times as large, are not needed any more.
    stage.remove("ray")
    return {"seconds": time.monotonic() - begin}


class PlannedTrainer(DPOTrainer):
    """DPOTrainer on pairs that are tokens already and bring their reference, with a learning rate given for each step."""

    def __init__(self, *args: Any, rates: list[float], **kwargs: Any):
        self.rates = rates
        super().__init__(*args, **kwargs)

    def _prepare_dataset(self, dataset: Dataset, *_: Any) -> Dataset:
        return dataset

    def _precompute_ref_logps(self, dataset: Dataset, *_: Any) -> Dataset:
        return dataset

    def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> LambdaLR:
        if self.lr_scheduler is None:
            peak, rates = self.args.learning_rate, self.rates
            self.lr_scheduler = LambdaLR(optimizer or self.optimizer, lambda step: rates[min(step, len(rates) - 1)] / peak)
        return self.lr_scheduler


class StepWriter(TrainerCallback):
    """Adds the report of every step to `steps.jsonl`, together about once a second."""

    def __init__(self, stage: Stage):
        self.stage = stage
        self.rows: list[dict[str, Any]] = []
        self.written = time.monotonic()

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any) -> None:
        if logs is None or "loss" not in logs:
            return
        diverged = not (math.isfinite(logs["loss"]) and math.isfinite(logs["grad_norm"]))
        if diverged:
            control.should_training_stop = True
        if not state.is_world_process_zero:
            return
        # JSON has no NaN: null says that it was no number.
        self.rows.append({"step": state.global_step, **{name: value if math.isfinite(value) else None for name, value in logs.items()}})
        if diverged or time.monotonic() - self.written > 1:
            self.write()

    def on_save(self, *_: Any, **__: Any) -> None:
        # What a checkpoint is behind is never reported again.
        self.write()

    def on_train_end(self, *_: Any, **__: Any) -> None:
        self.write()

    def write(self) -> None:
        if self.rows:
            self.stage.append_rows("steps.jsonl", self.rows)
        self.rows, self.written = [], time.monotonic()


def _worker(config: dict[str, Any]) -> None:
    # A checkpoint of a large model fills the disk of a node that keeps it.
    with tempfile.TemporaryDirectory() as scratch:
        _train(config, scratch)


def _train(config: dict[str, Any], scratch: str) -> None:
    stage, gpus = Stage(config["storage"], config["stage"]), config["gpus"]
    request, plan = stage.request(), stage.read_json("plan.json")
    workers, rank = get_context().get_world_size(), get_context().get_world_rank()
    pairs = Dataset.from_json(stage.local_file("pairs.jsonl"), cache_dir=f"{scratch}/pairs")
    loss, adamw, steps = request["loss"], request["adamW"], len(plan["learningRates"])
    args = DPOConfig(
        output_dir=f"{scratch}/trainer",
        loss_type=loss["types"],
        loss_weights=loss["weights"],
        beta=loss["beta"],
        label_smoothing=loss["labelSmoothing"],
        discopop_tau=loss["tau"],
        precompute_ref_log_probs=True,
        max_length=None,
        per_device_train_batch_size=request["microBatchSize"],
        gradient_accumulation_steps=request["batchSize"] // (workers * request["microBatchSize"]),
        max_steps=steps,
        train_sampling_strategy="sequential",
        learning_rate=max(plan["learningRates"]),
        adam_beta1=adamw["beta1"],
        adam_beta2=adamw["beta2"],
        adam_epsilon=adamw["epsilon"],
        weight_decay=adamw["weightDecay"],
        max_grad_norm=adamw["maxGradNorm"],
        gradient_checkpointing=request["recompute"] and not request["shard"],
        bf16=request["dtype"] == "bfloat16",
        use_cpu=gpus == 0,
        ddp_backend="gloo" if gpus == 0 else "nccl",
        fsdp=request["shard"] or None,
        # Sharded, activations are recomputed by FSDP itself.
        fsdp_config={"activation_checkpointing": request["recompute"]} if request["shard"] else None,
        seed=request["seed"],
        logging_steps=1,
        logging_nan_inf_filter=False,
        save_steps=max(1, math.ceil(steps / 20)),
        save_total_limit=1,
        disable_tqdm=True,
        report_to=[],
    )
    trainer = PlannedTrainer(
        model=load_model(stage, request, torch.float32, trainable=True),
        args=args,
        train_dataset=pairs.select(plan["order"]),
        processing_class=load_tokenizer(stage, request),
        callbacks=[StepWriter(stage), RayTrainReportCallback()],
        rates=plan["learningRates"],
    )
    trainer = prepare_trainer(trainer)
    checkpoint = get_checkpoint()
    if checkpoint is None:
        trainer.train()
    else:
        with checkpoint.as_directory() as folder:
            trainer.train(resume_from_checkpoint=f"{folder}/{RayTrainReportCallback.CHECKPOINT_NAME}")
    # With sharded parameters all workers take part in putting them together.
    state = trainer.accelerator.get_state_dict(trainer.model)
    if rank == 0:
        trained = trainer.accelerator.unwrap_model(trainer.model)
        folder = f"{scratch}/model"
        only = {"selected_adapters": ["default"], "save_embedding_layers": False} if request["base"] else {}
        trained.save_pretrained(folder, state_dict=state, **only)
        stage.put_folder(folder, "model")
