#!/bin/sh
# Creates .venv with the PyTorch that benchmarks and fixtures are compared with (Python 3.10 or newer; a few GB on Linux,
# where the registry's torch includes GPU libraries). sera-lab itself never needs it.
set -eu
cd "$(dirname "$0")/.."
python3 -m venv .venv
.venv/bin/pip install --requirement bench/python/requirements.txt
