"""Tensors of a GPU that are kept until somebody asks, so that a training loop never waits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

#: Bytes that may wait on a device; a batch of 64 sequences of 4,096 tokens takes 2 MB.
_MOST = 256 << 20


def is_on_device(array: Any) -> bool:
    """Whether an array is a PyTorch tensor that is not in main memory."""
    kind = type(array)
    if kind.__module__.partition(".")[0] != "torch" or not hasattr(array, "device"):
        return False
    return str(array.device.type) != "cpu"


class Waiting:
    """Batches of tensors, copied on their device: what is done to the originals is not seen."""

    def __init__(self) -> None:
        self._held: list[tuple[list[Any], Sequence[str]]] = []
        self._bytes = 0

    def take(self, arrays: Sequence[Any], names: Sequence[str]) -> bool:
        """Keep a batch; whether so much waits now that it should be taken in."""
        kept = [array.detach().clone() if hasattr(array, "detach") else array for array in arrays]
        self._held.append((kept, names))
        self._bytes += sum(getattr(array, "nbytes", 0) for array in kept)
        return self._bytes > _MOST

    def given_back(self) -> Iterator[tuple[list[Any], Sequence[str]]]:
        """All batches in main memory, each once."""
        held, self._held, self._bytes = self._held, [], 0
        for arrays, names in held:
            yield [array.cpu() if hasattr(array, "cpu") else array for array in arrays], names
