"""Compares checkpoints of transformers and PEFT with those that we load and save again.

    npm run build && python scripts/check_checkpoint_files.py

For a small random model of every architecture: transformers saves it in several files, scripts/resave.mjs loads and
saves it, and transformers loads the result. The weights must be what torch rounds them to, the logits equal, and
config.json and generation_config.json unchanged except for the type. Then the same with a PEFT adapter. Exits with 1 if
anything differs.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors import safe_open
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    GPT2Config,
    GPTNeoXConfig,
    LlamaConfig,
    MistralConfig,
    Qwen2Config,
)

root = Path(__file__).parent.parent
tiny = root / "test" / "fixtures" / "checkpoints" / "tiny"
family = {
    "hidden_size": 32,
    "intermediate_size": 40,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 32,
}
# A weight too large for half precision would be refused; 0.5 keeps them far below.
common = {"vocab_size": 64, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0, "initializer_range": 0.5}
models = {
    "llama": (LlamaConfig(**common, **family), ["q_proj", "down_proj"], False),
    "llama, tied": (LlamaConfig(**common, **family, tie_word_embeddings=True), ["q_proj", "down_proj"], False),
    "mistral": (MistralConfig(**common, **family, sliding_window=8), ["k_proj", "o_proj"], False),
    "qwen2": (Qwen2Config(**common, **family), ["v_proj", "gate_proj"], False),
    "gpt_neox": (
        GPTNeoXConfig(**common, **{name: size for name, size in family.items() if name != "num_key_value_heads"}, hidden_dropout=0.0, attention_dropout=0.0),
        ["query_key_value", "dense_4h_to_h"],
        False,
    ),
    "gpt2": (GPT2Config(**common, n_embd=32, n_layer=2, n_head=4, n_positions=32), ["c_attn", "c_fc"], True),
}
dtypes = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}


def resave(*arguments: object) -> None:
    subprocess.run(["node", str(root / "scripts" / "resave.mjs"), *map(str, arguments)], check=True)


def read_json(path: Path) -> dict:
    return json.loads(path.read_text())


def logits(model: torch.nn.Module) -> torch.Tensor:
    ids = torch.arange(40).reshape(2, 20) % 64
    with torch.no_grad():
        return model.eval()(ids).logits


def stored(folder: Path) -> dict[str, torch.Tensor]:
    tensors = {}
    for path in sorted(folder.glob("*.safetensors")):
        with safe_open(path, "pt") as file:
            assert file.metadata()["format"] == "pt"
            tensors |= {name: file.get_tensor(name) for name in file.keys()}
    return tensors


def check_checkpoint(config: object, source: str, target: str, folder: Path) -> list[str]:
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config).to(dtypes[source])
    model.generation_config.do_sample = True
    model.generation_config.top_p = 0.9
    model.save_pretrained(folder / "theirs", max_shard_size="15KB")
    AutoTokenizer.from_pretrained(tiny).save_pretrained(folder / "theirs")
    resave("checkpoint", folder / "theirs", folder / "ours", target, 20_000)

    problems = []
    before, after = stored(folder / "theirs"), stored(folder / "ours")
    if before.keys() != after.keys():
        problems.append(f"other weights: {sorted(before.keys() ^ after.keys())}")
    problems += [f"{name} differs" for name in before.keys() & after.keys() if not torch.equal(before[name].to(dtypes[target]), after[name])]
    config_before, config_after = read_json(folder / "theirs" / "config.json"), read_json(folder / "ours" / "config.json")
    if {**config_before, "dtype": target} != config_after:
        problems.append(f"config.json: {config_before} became {config_after}")
    if read_json(folder / "theirs" / "generation_config.json") != read_json(folder / "ours" / "generation_config.json"):
        problems.append("generation_config.json differs")

    loaded, loading = AutoModelForCausalLM.from_pretrained(folder / "ours", dtype="auto", output_loading_info=True)
    problems += [f"{kind}: {names}" for kind, names in loading.items() if names]
    if loaded.dtype != dtypes[target]:
        problems.append(f"loaded as {loaded.dtype}")
    theirs = AutoModelForCausalLM.from_pretrained(folder / "theirs", dtype=dtypes[target])
    if not torch.equal(logits(loaded), logits(theirs)):
        problems.append("logits differ")
    if not sorted((folder / "ours").glob("model-00001-of-*.safetensors")):
        problems.append("written in one file")
    return problems


def check_adapter(config: object, targets: list[str], fan_in_fan_out: bool, folder: Path) -> list[str]:
    def base() -> torch.nn.Module:
        torch.manual_seed(1)
        return AutoModelForCausalLM.from_config(config)

    adapter = LoraConfig(r=3, lora_alpha=7, target_modules=targets, fan_in_fan_out=fan_in_fan_out, use_rslora=True, task_type="CAUSAL_LM")
    model = get_peft_model(base(), adapter)
    for parameter in model.parameters():
        if parameter.requires_grad:
            torch.nn.init.normal_(parameter, std=0.3)
    model.save_pretrained(folder / "theirs")
    resave("adapter", folder / "theirs", folder / "ours")
    loaded = PeftModel.from_pretrained(base(), folder / "ours")
    problems = [] if torch.equal(logits(loaded), logits(model)) else ["logits differ"]
    if torch.allclose(logits(model), logits(base())):
        problems.append("the adapter does nothing")
    return problems


def main() -> int:
    cases = [("float32", "float32"), ("bfloat16", "bfloat16"), ("bfloat16", "float32"), ("float32", "float16"), ("float32", "bfloat16")]
    failed = False
    for name, (config, targets, fan_in_fan_out) in models.items():
        checks = [(f"{source} to {target}", lambda f, s=source, t=target: check_checkpoint(config, s, t, f)) for source, target in cases]
        checks.append(("adapter", lambda f: check_adapter(config, targets, fan_in_fan_out, f)))
        for what, check in checks:
            folder = Path(tempfile.mkdtemp(prefix="sera-files-"))
            problems = check(folder)
            shutil.rmtree(folder)
            print(f"{name}, {what}: {'; '.join(problems) or 'the same'}")
            failed = failed or bool(problems)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
