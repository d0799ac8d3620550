#!/usr/bin/env bash
# PyTorch's cross-entropy of float16 logits is infinite where a vocabulary is large and the model
# unsure.
#
# Who meets it: anyone who scores a language model in float16 on a CPU, with a vocabulary of 65,520
# or more: a first token, an untrained head, a high temperature. The perplexity of the file becomes
# inf.
# Version: torch 2.13.0, on the CPU. (Without a CPU build at hand pip fetches some gigabytes.)
# Seen: logits that are all zero, in a vocabulary of 151,936 as Qwen has it: cross_entropy is inf in
# float16, where 11.93 nats are due and fit well; logsumexp too, and log_softmax is -inf. The sum of
# the exponentials is rounded to float16, which ends at 65,504. Normal logits of deviation 0.1 do so
# too. The loss loses its gradient with it: that of every wrong class is exactly 0. softmax of the
# same row, and bfloat16, stay finite. The mean over rows passes the same limit: 65,536 good rows
# give nan.
# Remedy: logits.float() first.
# Source: measured; for the mean over rows pytorch/pytorch issue 29429 and pull request 166232.
#
# Exit: 0 while it is so, 1 once it has changed, 2 if the packages could not be installed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check \
    torch==2.13.0 numpy==2.4.6 || exit 2

cd "$folder"
venv/bin/python - <<'PYTHON'
import math
import sys

import torch
from torch.nn.functional import cross_entropy, log_softmax, softmax

first = torch.tensor([0])


def loss(logits):
    return cross_entropy(logits, first).item()


def zeros(size, dtype):
    return torch.zeros(1, size, dtype=dtype)


losses = {}
for size in (65_504, 65_520, 128_256, 151_936):
    kinds = torch.float16, torch.bfloat16, torch.float32
    losses[size] = [loss(zeros(size, kind)) for kind in kinds]
    print(f"{size:7,} classes, even: float16, bfloat16, float32", *losses[size], end="; ")
    print(f"exact {math.log(size):.5f}")

size = 151_936
unsure = torch.randn(1, size, generator=torch.Generator().manual_seed(0)) * 0.1
print("normal logits, deviation 0.1: float16", loss(unsure.half()), "float32", loss(unsure))
logits = zeros(size, torch.float16).requires_grad_()
cross_entropy(logits, first).backward()
print("gradient:", logits.grad[0, :3].tolist(), "where the last are due", 1 / size)
total = softmax(zeros(size, torch.float16), 1).double().sum().item()
logarithm = log_softmax(zeros(size, torch.float16), 1)[0, 0].item()
print("softmax sums to", total, "and log_softmax is", logarithm)
rows = torch.randn(65_536, 16, generator=torch.Generator().manual_seed(1))
truth = torch.zeros(65_536, dtype=torch.long)
mean = cross_entropy(rows.half(), truth).item()
print(
    "mean of 65,536 rows of 16 classes:", mean, "exact", cross_entropy(rows.double(), truth).item()
)

as_stated = (
    math.isfinite(losses[65_504][0])
    and all(losses[size][0] == math.inf for size in (65_520, 128_256, 151_936))
    and all(math.isfinite(each) for size in losses for each in losses[size][1:])
    and loss(unsure.half()) == math.inf
    and not logits.grad[0, 1:].any()
    and abs(total - 1) < 0.01
    and logarithm == -math.inf
    and math.isnan(mean)
)
sys.exit(None if as_stated else "changed")
PYTHON
