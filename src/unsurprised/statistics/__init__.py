"""Uncertainty of means: estimates, the jackknife, order statistics, totals, isotonic fits."""
