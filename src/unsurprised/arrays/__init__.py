"""Arrays and what holds them: NumPy's, other libraries', frames, Python's own objects."""
