"""How sure a mean is: estimates, the jackknife, order statistics, totals, isotonic fits."""
