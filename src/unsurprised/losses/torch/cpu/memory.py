"""Tensors in main memory as the library's kernels take them, and the threads worth it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from unsurprised.threads import get_num_threads

#: Below this many elements, waking a thread costs more than it saves.
ELEMENTS_PER_THREAD = 1 << 17


def host(tensor: Tensor) -> NDArray[Any]:
    """A view of the memory; of bfloat16, which NumPy does not know, as bits."""
    plain = tensor.detach() if tensor.requires_grad else tensor
    array: NDArray[Any] = (
        plain.view(torch.uint16) if plain.dtype is torch.bfloat16 else plain
    ).numpy()
    return array


def threads(rows: int, elements: int) -> int:
    """How many threads are worth it, and allowed by both libraries."""
    wanted = min(rows, elements // ELEMENTS_PER_THREAD)
    if wanted < 2:
        return 1
    return min(get_num_threads(), int(torch.get_num_threads()), wanted)


def all_in_threads(work: Callable[[slice], bool], rows: int, elements: int) -> bool:
    """Whether the work says so of all parts of the rows."""
    count = threads(rows, elements)
    if count == 1:
        return work(slice(None))
    cuts = [rows * i // count for i in range(count + 1)]
    with ThreadPoolExecutor(count) as pool:
        return all(pool.map(work, [slice(*ends) for ends in pairwise(cuts)]))
