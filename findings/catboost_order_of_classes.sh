#!/usr/bin/env bash
# CatBoost sorts names of classes as numbers if all of them are, and one other name turns the order
# over.
#
# Who meets it: anyone who takes the columns of predict_proba to follow the sorted labels, as they
# do in scikit-learn: the columns of "9" and "10" are then exchanged, and no row fails to sum to
# one.
# Version: catboost 1.2.10, beside scikit-learn 1.9.1.
# Seen: labels "9", "10", "11" give the columns 9, 10, 11; with "other" among them 10, 11, 9, other.
# "1e1" is a number, and stands after "9"; "nan" and "inf" are none, and turn the order to that of
# text. So the order of the old columns depends on whether one more class was seen in training.
# scikit-learn always sorts as text.
# Remedy: name the columns from model.classes_; unsurprised binds columns by name.
# Source: measured; catboost/catboost issue 771 has only that classes_ gives the order.
#
# Exit: 0 while it is so, 1 once it has changed, 2 if the packages could not be installed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check \
    catboost==1.2.10 scikit-learn==1.9.1 numpy==2.4.6 || exit 2

cd "$folder"
venv/bin/python - <<'PYTHON'
import sys

import numpy as np
from catboost import CatBoostClassifier
from sklearn.dummy import DummyClassifier

features = np.random.default_rng(0).normal(size=(120, 2))


def orders(names):
    labels = np.resize(names, 120)
    model = CatBoostClassifier(iterations=2, verbose=0, allow_writing_files=False, thread_count=1)
    model.fit(features, labels)
    return model.classes_.tolist(), DummyClassifier().fit(features, labels).classes_.tolist()


EXPECTED = {
    ("9", "10", "11"): ["9", "10", "11"],
    ("9", "10", "11", "other"): ["10", "11", "9", "other"],
    ("9", "1e1", "-1"): ["-1", "9", "1e1"],
    ("9", "10", "nan"): ["10", "9", "nan"],
    ("9", "10", "inf"): ["10", "9", "inf"],
}
as_stated = True
for names, expected in EXPECTED.items():
    found, textual = orders(list(names))
    print("CatBoost", *found, "| scikit-learn", *textual)
    as_stated &= found == expected and textual == sorted(names)
sys.exit(None if as_stated else "changed")
PYTHON
