"""Loads a checkpoint folder with transformers, as a user of Python would, and compares its logits with ours.

    python scripts/check_transformers.py FOLDER --logits FILE [--texts FILE]

FILE of --logits: {"inputIds": number[][], "logits": number[][][]}, sequences of one length.
FILE of --texts: [{"text": string, "ids": number[]}], what our tokenizer makes of each text.
Exit code 1 when a logit differs by more than 1e-4, or the ids of a text differ, or decoding does not give it back.
"""

import argparse
import json
import sys
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

LARGEST_DIFFERENCE = 1e-4


def compare_logits(folder: str, path: str) -> bool:
    fixture = json.loads(Path(path).read_text())
    model, loading = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, output_loading_info=True)
    problems = {kind: names for kind, names in loading.items() if names}
    if problems:
        print(f"weights do not fit the model: {problems}")
        return False
    with torch.no_grad():
        theirs = model.eval()(torch.tensor(fixture["inputIds"])).logits
    ours = torch.tensor(fixture["logits"])
    if ours.shape != theirs.shape:
        print(f"logits have shape {list(ours.shape)}, transformers' have {list(theirs.shape)}")
        return False
    difference = (ours - theirs).abs().max().item()
    print(f"largest difference of {ours.numel()} logits: {difference:.3g} (at most {LARGEST_DIFFERENCE:g})")
    # Written so that NaN fails the check.
    return difference <= LARGEST_DIFFERENCE


def compare_texts(folder: str, path: str) -> bool:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    different = 0
    texts = json.loads(Path(path).read_text())
    for entry in texts:
        ids = tokenizer.encode(entry["text"], add_special_tokens=False)
        if ids != entry["ids"]:
            print(f"{entry['text']!r}: transformers has {ids}, we have {entry['ids']}")
            different += 1
        elif tokenizer.decode(ids, clean_up_tokenization_spaces=False) != entry["text"]:
            print(f"{entry['text']!r}: decodes to {tokenizer.decode(ids)!r}")
            different += 1
    print(f"texts tokenized differently: {different} of {len(texts)}")
    return different == 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--logits", required=True)
    parser.add_argument("--texts")
    options = parser.parse_args()
    agree = compare_logits(options.folder, options.logits)
    if options.texts:
        agree = compare_texts(options.folder, options.texts) and agree
    return 0 if agree else 1


if __name__ == "__main__":
    sys.exit(main())
