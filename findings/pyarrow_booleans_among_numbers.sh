#!/usr/bin/env bash
# pyarrow makes 1.0 of a true among floats, and refuses it among integers; which of the two comes
# first decides, but not within lists.
#
# Who meets it: anyone who makes a column of predictions or labels from Python values, as parsed JSON
# has them (pyarrow.array, Table.from_pylist): whether a stray boolean is an error, or a probability
# of 1 or 0 that nobody gave, depends on the other rows of the same chunk.
# Version: pyarrow 26.0.1; 21.0.0 does the same.
# Seen: [0.25, True] is [0.25, 1.0]; [True, 0.25] is an error, and so are [1, True] and [True, 1], but
# [1, 2.5, True] is [1.0, 2.5, 1.0]. In lists it is always taken: [[True], [0.25]] is [[1.0], [0.25]].
# Of Table.from_pylist the same rows in another order are an error or not.
# Naming the type is no help: as float64, [0.25, True] and [True, 0.25] are both taken.
# Remedy: look at the types of the values first, in Python.
# Source: measured. The documentation of pyarrow.array says that types are inferred, not how.
#
# Exit: 0 while it is so, 1 once it has changed, 2 if the packages could not be installed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check pyarrow==26.0.1 || exit 2

cd "$folder"
venv/bin/python - <<'PYTHON'
import sys

import pyarrow as pa


def made(values, **options):
    try:
        return pa.array(values, **options).to_pylist()
    except pa.ArrowException:
        return "refused"


def table(values):
    try:
        return pa.Table.from_pylist([{"p": value} for value in values])["p"].to_pylist()
    except pa.ArrowException:
        return "refused"


cases = [[0.25, True], [True, 0.25], [1, True], [True, 1], [1, 2.5, True], [[True], [0.25]]]
seen = {str(values): made(values) for values in cases}
seen["a table, 0.25 first"], seen["a table, True first"] = table([0.25, True]), table([True, 0.25])
for values in ([0.25, True], [True, 0.25]):
    seen[f"{values} as float64"] = made(values, type=pa.float64())
for name, each in seen.items():
    print(f"{name:24} {each}")

expected = [[0.25, 1.0], "refused", "refused", "refused", [1.0, 2.5, 1.0], [[1.0], [0.25]]]
expected += [[0.25, 1.0], "refused", [0.25, 1.0], [1.0, 0.25]]
sys.exit(None if list(seen.values()) == expected else "changed")
PYTHON
