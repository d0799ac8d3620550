"""How far off every measure is, beside other libraries: ``python -m benchmarks.accuracy``."""
