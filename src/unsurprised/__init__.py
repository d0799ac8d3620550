"""Measure, explain and reduce the surprise of probabilistic models, in bits."""

__version__ = "0.1.0"
