#!/usr/bin/env bash
# PyTorch's Categorical knows no probability below 1.2e-7, but its KL divergence knows zero: between
# the two it jumps from 7.3 nats to infinity.
#
# Who meets it: anyone who scores or regularises by torch.distributions (variational models, policies,
# distillation) with probabilities of a float32 model that is sure of itself.
# Version: torch 2.13.0, on the CPU.
# Seen: KL(P || Q) in nats for P = (½, ½) and Q = (q, 1 − q): right at q = 1e-3; for 1e-7, 1e-10 and
# 1e-30 one and the same 7.278, where 7.366, 10.82 and 33.85 are due; at q = 0 infinite. log_prob is
# −15.94 for all of these, for q = 0 too: the KL is infinite and no sample is. In float64 the floor is
# 2.2e-16, so the two types differ by more than a factor of two. Given by logits the same Q is right.
# Remedy: give logits: Categorical(logits=probs.log()).
# Source: measured.
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
from torch.distributions import Categorical, kl_divergence

HALF = torch.tensor([0.5, 0.5])


def measured(small, dtype=torch.float32):
    probs = torch.tensor([small, 1 - small], dtype=dtype)
    model = Categorical(probs=probs)
    by_logits = Categorical(logits=probs.log())
    truth = Categorical(probs=HALF.to(dtype))
    return (
        kl_divergence(truth, model).item(),
        model.log_prob(torch.tensor(0)).item(),
        kl_divergence(truth, by_logits).item(),
    )


found = {}
for small in (1e-3, 1e-7, 1e-10, 1e-30, 0.0):
    found[small] = measured(small)
    exact = math.inf
    if small:
        exact = math.log(0.5) - (math.log(small) + math.log1p(-small)) / 2
    print(f"q = {small}: KL {found[small][0]:.5f}, exact {exact:.5f}, by logits", end=" ")
    print(f"{found[small][2]:.5f}; log_prob of its class {found[small][1]:.4f}")
wide = measured(1e-10, torch.float64)[0]
print(f"q = 1e-10 in float64: KL {wide:.5f}")

floored = [found[small] for small in (1e-7, 1e-10, 1e-30)]
as_stated = (
    len({kl for kl, _, _ in floored}) == 1
    and abs(floored[0][0] - 7.278) < 1e-3
    and found[0.0][0] == math.inf
    and all(abs(log + 15.9424) < 1e-3 for _, log, _ in [*floored, found[0.0]])
    and abs(found[1e-30][2] - 33.8456) < 1e-3
    and abs(wide - 10.8198) < 1e-3
)
sys.exit(None if as_stated else "changed")
PYTHON
