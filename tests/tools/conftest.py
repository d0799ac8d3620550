"""Leaves this folder out where the tools are not installed: ``pip install '.[test,tools]'``."""

from __future__ import annotations

from importlib.util import find_spec

TOOLS = ("catboost", "datasets", "duckdb", "lightgbm", "polars", "statsmodels", "xgboost")

collect_ignore_glob = [] if all(map(find_spec, TOOLS)) else ["*.py"]
