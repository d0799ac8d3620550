"""Labels on a GPU, by kernels of Triton's: imported only where Triton is, and a GPU.

Logits are float32, float16 or bfloat16, sums float32; a row's own numbers are found in float64.
Rows are wanted in two ways: as they are (``rows``, ``gradient``), or as one number (``total``).
"""

from unsurprised.losses.torch.gpu.gradient import gradient, line
from unsurprised.losses.torch.gpu.rows import rows
from unsurprised.losses.torch.gpu.total import Asked, total, total_gradient

__all__ = ["Asked", "gradient", "line", "rows", "total", "total_gradient"]
