#!/usr/bin/env bash
# River's cross-entropy charges nothing for a class that the model did not name.
#
# Who meets it: whoever scores a model online with more than two classes: a class that turns up for the
# first time, the very event for which models are watched, makes the score better.
# Version: river 0.26.1.
# Seen: after one row whose class had 0.9 the cross-entropy is 0.105 nats. A second row of the class c,
# for which the prediction {a: 0.9, b: 0.1} has no entry, brings it down to 0.053: the row counts as
# one, and costs 0. Said as {a: 0.9, b: 0.1, c: 0.0} the same row costs 34.5, its cut for infinity.
# LogLoss, for two classes, takes the missing entry as 0.
# Remedy: give every class that can occur an entry before update.
# Source: measured.
#
# Exit: 0 while it is so, 1 once it has changed, 2 if the packages could not be installed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check \
    river==0.26.1 numpy==2.4.6 || exit 2

cd "$folder"
venv/bin/python - <<'PYTHON'
import sys

from river.metrics import CrossEntropy, LogLoss


def after(metric, *rows):
    for truth, prediction in rows:
        metric.update(truth, prediction)
    return metric.get()


first = ("a", {"a": 0.9, "b": 0.1})
one = after(CrossEntropy(), first)
unnamed = after(CrossEntropy(), first, ("c", {"a": 0.9, "b": 0.1}))
zero = after(CrossEntropy(), first, ("c", {"a": 0.9, "b": 0.1, "c": 0.0}))
two = after(LogLoss(), (True, {False: 1.0}))
print(f"one row: {one:.4f}; with a class that was not named {unnamed:.4f}; named with 0 {zero:.4f}")
print(f"LogLoss of a class that was not named: {two:.4f}")

sys.exit(None if unnamed == one / 2 and zero > 10 and two > 30 else "changed")
PYTHON
