"""Labels in main memory, by the library's kernels."""
