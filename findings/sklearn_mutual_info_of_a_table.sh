#!/usr/bin/env bash
# scikit-learn's mutual information of a table cuts weights to whole numbers, and wraps round at
# 2^63.
#
# Who meets it: anyone who passes a table of weights or of probabilities, or of the counts of some
# ten billion pairs, as contingency= to mutual_info_score.
# Version: scikit-learn 1.9.1.
# Seen: each cell of a table of floats is cut to an integer, without a word. 1.5, 0.5 / 0.5, 1.5 is
# taken for 1, 0 / 0, 1 and gives 0.6931 nats, where 0.1308 are due; the same weights ten times as
# large give 0.1308; a table of probabilities ends in "math domain error". And counts 4, 1 / 1, 4 in
# units of a billion give 1.53 nats, where 0.1927 are due and two classes can share no more than ln
# 2 = 0.69: products of sums of rows and columns pass 2^63. With 5 for 4 they turn negative, and the
# answer is NaN with a warning. Handing them over as floats does not help, as they are made integers
# again.
# Remedy: scale the table to whole numbers whose sum is below three billion.
# Source: measured. The wrap of 32 bits was mended in scikit-learn/scikit-learn pull request 10414.
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
import warnings

import numpy as np
from sklearn.metrics import mutual_info_score


def exact(table):
    shares = table / table.sum()
    independent = np.outer(shares.sum(axis=1), shares.sum(axis=0))
    return float((shares * np.log(shares / independent)).sum())


def found(table):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            return float(mutual_info_score(None, None, contingency=table))
        except ValueError as error:
            return str(error)


def symmetric(same, other):
    return np.array([[same, other], [other, same]])


billion = 10**9
TABLES = {
    "weights 1.5, 0.5": symmetric(1.5, 0.5),
    "ten times as large": symmetric(15.0, 5.0),
    "probabilities 0.4, 0.1": symmetric(0.4, 0.1),
    "counts of 4, 1 billion": symmetric(4 * billion, billion),
    "the same as floats": symmetric(4.0 * billion, 1.0 * billion),
    "counts of 5, 1 billion": symmetric(5 * billion, billion),
}
seen = {name: found(table) for name, table in TABLES.items()}
for name, table in TABLES.items():
    print(f"{name:22} {seen[name]!s:>20} exact {exact(table):.6f}")

large = seen["counts of 4, 1 billion"]
as_stated = (
    abs(seen["weights 1.5, 0.5"] - math.log(2)) < 1e-9
    and abs(seen["ten times as large"] - exact(symmetric(1.5, 0.5))) < 1e-9
    and seen["probabilities 0.4, 0.1"] == "math domain error"
    and large > 2 * math.log(2)
    and seen["the same as floats"] == large
    and math.isnan(seen["counts of 5, 1 billion"])
)
sys.exit(None if as_stated else "changed")
PYTHON
