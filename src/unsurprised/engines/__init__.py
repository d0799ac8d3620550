"""Work in parts: splits, what a state has seen of them, tasks, and whatever runs these."""
