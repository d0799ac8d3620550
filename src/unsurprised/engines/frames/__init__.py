"""Data frames that lie on a cluster: some work on each of their partitions, where it lies."""
