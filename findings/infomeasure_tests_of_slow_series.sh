#!/usr/bin/env bash
# infomeasure's test of transfer entropy finds coupled series among independent ones that are slow.
#
# Who meets it: anyone who asks whether one series drives another, where both change slowly, as
# prices, temperatures and filtered signals do: far more couplings are found than there are.
# Version: infomeasure 0.6.3, approach "metric" (KSG) and "discrete", permutation_test.
# Seen: of independent autoregressions of 0.95, 150 times each, p <= 0.05 in one of five
# pairs, of their signs in one of six, where it should be one of twenty. The rows of the source are
# shuffled, so that surrogates are not slow themselves. A p-value of exactly 0 is common, for it is
# a plain share of the surrogates.
# Remedy: surrogates that keep the source's own dynamics: shift it in time, or shuffle blocks of it.
# Source: measured; infomeasure/estimators/utils/te_slicing.py permutes the rows of src_history.
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
import numpy as np

logging.disable(logging.CRITICAL)
PAIRS = 100


def slow(random, times=150):
    noise = random.normal(size=(2, times))
    for time in range(1, times):
        noise[:, time] += 0.95 * noise[:, time - 1]
    return noise


def p_value(x, y, approach, **options):
    test = infomeasure.estimator(x, y, measure="te", approach=approach, **options)
    return test.statistical_test(99, "permutation_test").p_value


found = []
for seed in range(PAIRS):
    x, y = slow(np.random.default_rng(seed))
    found.append(p_value(x, y, "metric", noise_level=0))
found = np.array(found)
signs = np.array([
    p_value(*(slow(np.random.default_rng(seed)) > 0).astype(int), "discrete")
    for seed in range(PAIRS)
])
print(f"numbers: p <= 0.05 in {(found <= 0.05).mean():.0%} of {PAIRS} independent pairs,")
print(f"         p = 0 in {(found == 0).mean():.0%}")
print(f"signs:   p <= 0.05 in {(signs <= 0.05).mean():.0%}")
sys.exit(None if (found <= 0.05).mean() > 0.1 and (found == 0).any() else "changed")
PYTHON
