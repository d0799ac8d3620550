"""Losses for training: :mod:`~unsurprised.losses.torch`, ``jax`` and ``numpy``, of one meaning.

This package imports none of them; each is imported by name. What they share is written once, here,
in operations that all three libraries have: the options with their checks and words (``_options``,
``_divergence_options``), what is given (``_inputs``, ``_pairs``), the formulas with their gradients
(``_cross_entropy``, ``_divergences``) and how rows become one number (``_reduction``). Each of the
three has the same files around it:

``cross_entropy``, ``distill``
    The public functions of logits.
``linear_cross_entropy``, ``linear_distill``
    The public functions of a linear layer whose logits are never all in memory; ``layer`` is the
    layer.
``inputs``, ``kinds``
    What is given, laid out and looked at; what the library makes of an argument.
``rows``, ``divergences``
    The formulas of rows, with the library's derivatives.
``reduction``
    What becomes of the rows.
``ways``
    Which way a call takes, where there are several.
"""
