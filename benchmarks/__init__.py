"""Measurements that anyone can repeat: ``python -m benchmarks.evaluate_file``."""
