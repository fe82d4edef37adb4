#!/usr/bin/env python3
"""Compares one DPO step of ours with TRL's, for a tiny random model of each architecture.

transformers makes a policy and a reference; sera-lab (scripts/compare_architectures.mjs) and TRL's DPOTrainer take one
step on the same pairs, in tokens, with the same AdamW settings. The script compares the loss and the metrics
(|ours - TRL's| / max(1, |TRL's|)), each parameter's gradient (|ours - TRL's| / |TRL's|, Euclidean norms) and each weight after
the step (|ours - TRL's|), which transformers loads from the checkpoint that sera-lab wrote. Prints the table of
docs/architectures.md; exits with 1 if any error is above 1e-4.

    npm run --silent build && python scripts/compare_architectures.py    (bench/python/requirements.txt lists what it needs)
"""

import contextlib
import io
import json
import shutil
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import datasets
import torch
import transformers
import trl
from safetensors.torch import load_file
from torch import Tensor
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    Gemma2Config,
    Gemma3TextConfig,
    GPT2Config,
    GPTNeoXConfig,
    GraniteConfig,
    LlamaConfig,
    MistralConfig,
    MixtralConfig,
    Olmo2Config,
    Phi3Config,
    PreTrainedConfig,
    PreTrainedModel,
    Qwen2Config,
    Qwen3Config,
    Qwen3MoeConfig,
    SmolLM3Config,
    StableLmConfig,
)

ROOT = Path(__file__).parent.parent
TOKENIZER = ROOT / "test/fixtures/checkpoints/tiny"
LARGEST_ERROR = 1e-4
# (prompt, chosen, rejected) lengths in tokens.
PAIR_LENGTHS = [(3, 5, 7), (6, 1, 4), (4, 8, 2), (9, 3, 9)]
BETA = 0.1
LEARNING_RATE = 1e-2
# With an epsilon of 1e-8, AdamW's first step is the gradient's sign. Where the gradient is 0 up to rounding, as for the
# key's bias in GPT-2, that would compare the noise of both sides.
ADAMW = {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-5, "weightDecay": 0.01, "maxGradNorm": 1.0}
METRICS = ["rewards/chosen", "rewards/rejected", "rewards/margins", "rewards/accuracies", "logps/chosen", "logps/rejected"]

COMMON = dict(vocab_size=64, bos_token_id=1, eos_token_id=2, pad_token_id=0)
LAYERS = dict(num_hidden_layers=2, max_position_embeddings=64)
LLAMA_3 = dict(
    rope_type="llama3",
    rope_theta=10000.0,
    factor=8.0,
    low_freq_factor=1.0,
    high_freq_factor=4.0,
    original_max_position_embeddings=32,
)
YARN = dict(rope_type="yarn", rope_theta=10000.0, factor=4.0, beta_fast=2.0, beta_slow=1.0, original_max_position_embeddings=16)
LONGROPE = dict(
    rope_type="longrope",
    rope_theta=10000.0,
    factor=4.0,
    short_factor=[1.0, 1.5, 2.0],
    long_factor=[1.5, 4.0, 9.0],
    partial_rotary_factor=0.75,
)
SIZES = dict(hidden_size=32, intermediate_size=56, num_attention_heads=4, num_key_value_heads=2)
CONFIGS: dict[str, PreTrainedConfig] = {
    "Llama": LlamaConfig(
        **COMMON, **LAYERS, hidden_size=32, intermediate_size=56, num_attention_heads=4, num_key_value_heads=2, rope_parameters=LLAMA_3
    ),
    "Mistral": MistralConfig(
        **COMMON, **LAYERS, hidden_size=32, intermediate_size=56, num_attention_heads=4, num_key_value_heads=2, sliding_window=6
    ),
    "Qwen2": Qwen2Config(
        **COMMON, **LAYERS, hidden_size=32, intermediate_size=56, num_attention_heads=4, num_key_value_heads=2, tie_word_embeddings=True
    ),
    "Llama, biases, YaRN": LlamaConfig(**COMMON, **LAYERS, **SIZES, attention_bias=True, mlp_bias=True, rope_parameters=YARN),
    "Qwen3": Qwen3Config(**COMMON, **LAYERS, **SIZES, head_dim=12, tie_word_embeddings=True),
    "Mixtral": MixtralConfig(**COMMON, **LAYERS, **SIZES, num_local_experts=4, num_experts_per_tok=2),
    "Qwen3-MoE": Qwen3MoeConfig(
        **COMMON, **LAYERS, **SIZES, head_dim=12, num_experts=6, num_experts_per_tok=2, moe_intermediate_size=24, mlp_only_layers=[0]
    ),
    "SmolLM3": SmolLM3Config(**COMMON, **LAYERS, **SIZES, no_rope_layer_interval=2),
    "Granite": GraniteConfig(
        **COMMON,
        **LAYERS,
        **SIZES,
        embedding_multiplier=3.0,
        residual_multiplier=0.7,
        attention_multiplier=0.4,
        logits_scaling=1.5,
    ),
    "OLMo 2": Olmo2Config(**COMMON, **LAYERS, **SIZES),
    "Phi-3, LongRoPE": Phi3Config(**COMMON, **LAYERS, **SIZES, original_max_position_embeddings=32, rope_parameters=LONGROPE),
    "Gemma 2": Gemma2Config(
        **COMMON,
        **LAYERS,
        **SIZES,
        head_dim=6,
        sliding_window=6,
        query_pre_attn_scalar=9,
        attn_logit_softcapping=3.0,
        final_logit_softcapping=6.0,
    ),
    "Gemma 3": Gemma3TextConfig(
        **COMMON,
        **LAYERS,
        **SIZES,
        head_dim=6,
        sliding_window=6,
        query_pre_attn_scalar=9,
        layer_types=["sliding_attention", "full_attention"],
    ),
    "StableLM": StableLmConfig(**COMMON, **LAYERS, **SIZES, use_qkv_bias=True),
    "Pythia": GPTNeoXConfig(**COMMON, **LAYERS, hidden_size=32, intermediate_size=128, num_attention_heads=4),
    "GPT-2": GPT2Config(**COMMON, n_positions=64, n_embd=32, n_layer=2, n_head=4),
}


class TokensTrainer(trl.DPOTrainer):
    """A DPOTrainer whose pairs are already tokenised; keeps the gradients before clipping."""

    def _prepare_dataset(self, dataset, *_args, **_kwargs):
        return dataset

    def keep_gradients(self) -> dict[str, Tensor]:
        gradients = {}
        for name, parameter in self.model.named_parameters():
            parameter.register_post_accumulate_grad_hook(lambda p, name=name: gradients.update({name: p.grad.clone()}))
        return gradients


def random_model(config: PreTrainedConfig, seed: int) -> PreTrainedModel:
    """Seeded weights of a scale at which no activation is tiny and no softmax is flat or saturated."""
    generator = torch.Generator().manual_seed(seed)
    model = AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            norm = parameter.ndim == 1 and not name.endswith("bias")
            parameter.copy_(1 + 0.1 * noise if norm else 0.2 * noise)
    return model


def load(folder: Path) -> PreTrainedModel:
    # The default attention ignores soft-capping.
    capped = getattr(AutoConfig.from_pretrained(folder), "attn_logit_softcapping", None) is not None
    return AutoModelForCausalLM.from_pretrained(folder, **({"attn_implementation": "eager"} if capped else {}))


def random_pairs() -> list[dict[str, list[int]]]:
    generator = torch.Generator().manual_seed(7)
    tokens = lambda length: torch.randint(3, 64, (length,), generator=generator).tolist()
    return [{"prompt": tokens(p), "chosen": tokens(c), "rejected": tokens(r)} for p, c, r in PAIR_LENGTHS]


def step_of_trl(folder: Path, pairs: list[dict]) -> tuple[dict, dict[str, Tensor], dict[str, Tensor]]:
    """The log of the step, the gradients, and the weights after it."""
    arguments = trl.DPOConfig(
        output_dir=str(folder / "trl"),
        beta=BETA,
        max_steps=1,
        per_device_train_batch_size=len(pairs),
        learning_rate=LEARNING_RATE,
        lr_scheduler_type="constant",
        adam_beta1=ADAMW["beta1"],
        adam_beta2=ADAMW["beta2"],
        adam_epsilon=ADAMW["epsilon"],
        weight_decay=ADAMW["weightDecay"],
        max_grad_norm=ADAMW["maxGradNorm"],
        max_length=None,
        # TRL adds the load-balancing loss for a mixture of experts by default; sera-lab does not.
        router_aux_loss_coef=0.0,
        bf16=False,
        use_cpu=True,
        logging_steps=1,
        save_strategy="no",
        report_to=[],
        disable_tqdm=True,
    )
    trainer = TokensTrainer(
        model=load(folder / "policy"),
        ref_model=load(folder / "reference"),
        args=arguments,
        train_dataset=datasets.Dataset.from_list([{f"{side}_ids": ids for side, ids in pair.items()} for pair in pairs]),
        processing_class=AutoTokenizer.from_pretrained(TOKENIZER),
    )
    gradients = trainer.keep_gradients()
    trainer.train()
    log = next(entry for entry in trainer.state.log_history if "loss" in entry)
    return log, gradients, dict(trainer.model.named_parameters())


def relative(ours: float, theirs: float) -> float:
    return abs(ours - theirs) / max(1.0, abs(theirs))


def names_in_memory(tensors: dict[str, Tensor], config: PreTrainedConfig) -> dict[str, Tensor]:
    """The tensors on disk as transformers 5 names and stacks them when it loads a model."""
    if config.model_type == "gpt_neox":
        return {"lm_head.weight" if name == "embed_out.weight" else name: tensor for name, tensor in tensors.items()}
    if not hasattr(config, "num_local_experts"):
        return tensors
    mixtral = config.model_type == "mixtral"
    block, gate, up, down = ("block_sparse_moe", "w1", "w3", "w2") if mixtral else ("mlp", "gate_proj", "up_proj", "down_proj")
    found = {name.replace(f".{block}.gate.", ".mlp.gate."): tensor for name, tensor in tensors.items() if ".experts." not in name}
    for layer in {name.partition(f".{block}.experts.")[0] for name in tensors if ".experts." in name}:
        of = lambda part: torch.stack([tensors[f"{layer}.{block}.experts.{i}.{part}.weight"] for i in range(config.num_local_experts)])
        found[f"{layer}.mlp.experts.gate_up_proj"] = torch.cat([of(gate), of(up)], dim=1)
        found[f"{layer}.mlp.experts.down_proj"] = of(down)
    return found


def compare(name: str, config: PreTrainedConfig, folder: Path) -> list[float]:
    pairs = random_pairs()
    for role, seed in (("policy", 1), ("reference", 2)):
        random_model(config, seed).save_pretrained(folder / role)
        for file in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
            shutil.copy(TOKENIZER / file, folder / role)
    task = {"pairs": pairs, "beta": BETA, "learningRate": LEARNING_RATE, "adamW": ADAMW}
    (folder / "task.json").write_text(json.dumps(task))
    subprocess.run(["node", str(ROOT / "scripts/compare_architectures.mjs"), str(folder)], check=True)
    record = json.loads((folder / "record.json").read_text())
    with contextlib.redirect_stdout(io.StringIO()):
        log, gradients, weights = step_of_trl(folder, pairs)

    tuned, loading = AutoModelForCausalLM.from_pretrained(folder / "tuned", output_loading_info=True)
    problems = {kind: names for kind, names in loading.items() if names}
    assert not problems, f"{name}: what we wrote does not fit the model: {problems}"
    our_weights = dict(tuned.named_parameters())
    our_gradients = names_in_memory(load_file(folder / "gradients.safetensors"), config)
    assert our_weights.keys() == weights.keys() == gradients.keys() == our_gradients.keys(), f"{name}: other parameters"
    before = dict(AutoModelForCausalLM.from_pretrained(folder / "policy").named_parameters())
    moved = min((weights[key] - before[key]).abs().max().item() for key in weights)
    assert moved > 10 * LARGEST_ERROR, f"{name}: a weight moved by {moved:.1e} only, too little to compare"
    return [
        relative(record["loss"], log["loss"]),
        max(relative(record[metric], log[metric]) for metric in METRICS),
        relative(record["grad_norm"], log["grad_norm"]),
        max(((our_gradients[key] - of).norm() / of.norm()).item() for key, of in gradients.items()),
        max((our_weights[key] - of).abs().max().item() for key, of in weights.items()),
    ]


def main() -> int:
    warnings.simplefilter("ignore", FutureWarning)
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(1)
    failed = False
    print(f"transformers {transformers.__version__}, TRL {trl.__version__}, torch {torch.__version__.split('+')[0]}\n")
    print("| model | loss | metrics | gradient's norm | gradients | weights after the step |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name, config in CONFIGS.items():
        with tempfile.TemporaryDirectory() as folder:
            errors = compare(name, config, Path(folder))
        # Written so that NaN fails the check.
        failed = failed or not all(error <= LARGEST_ERROR for error in errors)
        print(f"| {name} | {' | '.join(f'{error:.1e}' for error in errors)} |", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
