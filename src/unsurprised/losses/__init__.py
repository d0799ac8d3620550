"""Losses for training: :mod:`~unsurprised.losses.torch`, ``jax`` and ``numpy``, of one meaning.

This package imports none of them; each is imported by name. What they share, the options
(``_options``), the formulas and their gradients (``_cross_entropy``, ``_divergences``) and how rows
become one number (``_reduction``), is written once, in operations that all three libraries have.
"""
