"""What the rows of each condition are, for the page."""

#: What the rows of each condition are.
CONDITIONS = {
    "random": "Dirichlet rows, from sparse to even; labels at random",
    "nearly even": "equal shares, 1e-12 apart",
    "nearly equal": "P, and Q with 1e-3, 1e-6, 1e-9 or 1e-12 of each entry carried elsewhere",
    "rounded": "likewise nearly equal, both divided by their sums in float64, as softmax does†",
    "nearly certain": "all but some 2⁻⁵² at one class; at the same one or at another in Q",
    "certain": "one class only; one event of probability 0 or 1",
    "one class": "a row of one class",
    "equal": "Q is P",
    "sparse": "most entries zero; in P, in Q or in both",
    "disjoint": "no class possible in both",
    "subnormal": "1 − 2⁻⁵³, 2⁻⁵³ − 2⁻¹⁰⁶, … and 1/2, 1/4, … to the end of the floats; also nothing "
    "but subnormal entries†",
    "peaked": "1 beside entries from 1e-300 to 1e-17†",
    "counts": "with a power of two as total, and others†; Q one or none more for each of 10¹²",
    "logits": "float32, spread by 1, 10 or 60 nats; Q another, or 1e-2 and 1e-4 from P and shifted",
    "confident and right": "float32 logits with the class that happened 10 to 90 above the others",
    "many classes": "shares of twenty heights; Q another such row, or 1e-9 of the least from P",
    "nearly independent": "a product of marginals, 1e-3, 1e-6 or 1e-9 of it carried elsewhere",
    "independent": "a product of marginals, exactly; every label beside every other equally often",
    "telling": "each variable tells the others",
    "alike": "half of the labels carried over, the others at random",
    "nearly the same": "the same groups under other names, but for one row",
    "the same": "the same groups under other names",
    "all apart": "a label for each row",
    "one": "one label for all rows",
}
