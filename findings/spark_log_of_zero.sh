#!/usr/bin/env bash
# Spark's logarithm of zero is NULL, and averages pass over it: the rows that a model called
# impossible leave its log loss, and a KL divergence comes out below zero.
#
# Who meets it: anyone whose predictions lie in Spark, and who takes avg(-log2(p)) of them.
# Version: Spark 4.3.0, with its ANSI mode (the default) and without it. Needs Java 17.
# Seen: ln, log2, log10 and log of 0, and log1p of -1, are NULL, in SQL and in the functions of data
# frames alike; ANSI mode, which raises for 1/0, does not mind. Of two rows with p = 0.5 and p = 0
# the mean surprisal is 1 bit (right: infinite), its maximum 1, and the count of p still 2, so a
# model gets better with each row that it rules out. sum(p * (log2(p) - log2(q))) is -0.5 for
# P = (0.5, 0.5) and Q = (1, 0), a divergence that cannot be negative and is infinite here. DuckDB
# and Polars say infinite to all of it.
# Remedy: count where p <= 0 first, or CASE WHEN p = 0 THEN double('Infinity') ELSE -log2(p) END.
# Source: measured; a comment in Spark's UnaryLogExpression says that it is so for Hive's sake.
#
# Exit: 0 while it is so, 1 once it has changed, 2 if the packages could not be installed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
command -v java > /dev/null || exit 2
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check \
    pyspark==4.3.0 duckdb==2.0.1 polars==2.1.0 pyarrow==26.0.1 || exit 2

cd "$folder"
venv/bin/python - 2> log <<'PYTHON'
import math
import sys

import duckdb
import polars as pl
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

SURPRISAL = "SELECT avg(-log2(p)), max(-log2(p)), count(p) FROM predictions"
DIVERGENCE = "SELECT sum(p * (log2(p) - log2(q))) FROM pairs"
PREDICTIONS, PAIRS = [(0.5,), (0.0,)], [(0.5, 1.0), (0.5, 0.0)]

session = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
frame = session.createDataFrame(PREDICTIONS, "p double")
frame.createOrReplaceTempView("predictions")
session.createDataFrame(PAIRS, "p double, q double").createOrReplaceTempView("pairs")
seen = {}
for ansi in ("true", "false"):
    session.conf.set("spark.sql.ansi.enabled", ansi)
    asked = "SELECT ln(0D), log2(0D), log10(0D), log(2D, 0D), log1p(-1D)"
    seen[ansi] = [tuple(session.sql(each).collect()[0]) for each in (asked, SURPRISAL, DIVERGENCE)]
    print("Spark, ANSI", ansi, *seen[ansi])
frames = frame.select(F.avg(-F.log("p")), F.avg(-F.log2("p"))).collect()[0]
print("Spark, data frame", tuple(frames))

predictions = pl.DataFrame(PREDICTIONS, ["p"], orient="row")
pairs = pl.DataFrame(PAIRS, ["p", "q"], orient="row")
duck = [duckdb.sql(each).fetchall()[0] for each in (SURPRISAL, DIVERGENCE)]
p, q = pl.col("p"), pl.col("q")
polars = [
    predictions.select(mean=-p.log(2).mean(), most=(-p.log(2)).max(), count=p.count()).row(0),
    pairs.select((p * (p.log(2) - q.log(2))).sum()).row(0),
]
print("DuckDB", *duck)
print("Polars", *polars)

spark = [(None,) * 5, (1.0, 1.0, 2), (-0.5,)]
right = [(math.inf, math.inf, 2), (math.inf,)]
as_stated = seen == {"true": spark, "false": spark} and tuple(frames) == (math.log(2), 1.0)
sys.exit(None if as_stated and duck == right and polars == right else "changed")
PYTHON
