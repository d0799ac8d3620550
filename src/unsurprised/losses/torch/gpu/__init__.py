"""Labels on a GPU, by Triton's kernels; imported by calls that take this way alone.

Logits are float32, float16 or bfloat16, sums float32; a row's own numbers are found in float64.
"""
