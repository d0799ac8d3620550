#!/usr/bin/env bash
# scikit-learn finds that a constant column tells four fifths of a rare label, the more the more
# rows.
#
# Who meets it: anyone who ranks features by mutual_info_classif on a rare class, or on numbers far
# from zero, such as times and ids.
# Version: scikit-learn 1.9.1.
# Seen: 100 positives among 50,000 rows, and one column, all ones: 0.0118 nats, of 0.0144 that the
# label holds; among 10,000 rows 0.0027. Exactly 0 is right. And independent normal noise, moved by
# 1e8, "tells" 0.008 nats of a fair label; unmoved, nothing. Noise that breaks ties is taken
# relative to the mean, not to the spread, and the differences between values run out of digits;
# ties of distances then count as neighbours.
# Remedy: standardise each column, and leave out constant ones; or count bins.
# Source: scikit-learn/scikit-learn issue 30772 (open); measured.
#
# Exit: 0 while it is so, 1 once it has changed, 2 if the packages could not be installed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check \
    scikit-learn==1.9.1 numpy==2.4.6 || exit 2

cd "$folder"
venv/bin/python - <<'PYTHON'
import math
import sys

import numpy as np
from sklearn.feature_selection import mutual_info_classif


def entropy(share):
    return -share * math.log(share) - (1 - share) * math.log(1 - share)


constant = {}
for rows in (10_000, 50_000):
    label = np.zeros(rows, int)
    label[:100] = 1
    (constant[rows],) = mutual_info_classif(np.ones((rows, 1)), label, random_state=0)
    print(f"{rows:,} rows, all ones: {constant[rows]:.5f} nats of {entropy(100 / rows):.5f}")

random = np.random.default_rng(0)
label = random.integers(0, 2, 5_000)
noise = random.normal(size=(5_000, 1))
moved = {}
for by in (0, 1e8):
    (moved[by],) = mutual_info_classif(noise + by, label, random_state=0)
    print(f"independent noise, moved by {by:g}: {moved[by]:.5f} nats of {math.log(2):.5f}")

as_stated = (
    constant[50_000] > 0.7 * entropy(100 / 50_000)
    and constant[50_000] > constant[10_000] > 1e-3
    and moved[0] == 0
    and moved[1e8] > 5e-3
)
sys.exit(None if as_stated else "changed")
PYTHON
