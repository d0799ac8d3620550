#!/usr/bin/env bash
# infomeasure's Kullback-Leibler divergence is negative where the second sample lacks an outcome.
#
# Who meets it: anyone who compares two samples, one of which has an outcome that the other never
# shows: the worst pair of all ranks as the best.
# Version: infomeasure 0.6.3, approach "discrete".
# Seen: fair coins against coins that always fall on heads: -1 bit, where +inf is right, and where
# no divergence is below 0. Outcomes that Q lacks are left out of the cross-entropy, which is then
# 0, and the entropy of P is taken off in full. Without any outcome in common it is -1 bit too, with
# a warning in the log; where only some are missing there is none.
# Remedy: smooth the second sample, or check that it covers the first.
# Source: measured. Its documents find it as cross-entropy less entropy.
#
# Exit: 0 while it is so, 1 once it has changed, 2 if the packages could not be installed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check \
    infomeasure==0.6.3 numpy==2.4.6 || exit 2

cd "$folder"
venv/bin/python - <<'PYTHON'
import logging
import sys

import infomeasure

logging.disable(logging.CRITICAL)


def divergence(p, q):
    return float(infomeasure.kld(p, q, approach="discrete", base=2))


fair = [0, 1] * 50
seen = {
    "heads alone": divergence(fair, [0] * 100),
    "one tail in 100": divergence(fair, [0] * 99 + [1]),
    "another coin's faces": divergence(fair, [2, 3] * 50),
    "the same": divergence(fair, fair),
}
for name, bits in seen.items():
    print(f"fair coin from {name}: {bits} bits")

as_stated = (
    abs(seen["heads alone"] + 1) < 1e-9
    and seen["one tail in 100"] > 2
    and abs(seen["another coin's faces"] + 1) < 1e-9
    and abs(seen["the same"]) < 1e-9
)
sys.exit(None if as_stated else "changed")
PYTHON
