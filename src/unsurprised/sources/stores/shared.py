"""A folder of a store in which several machines leave objects for each other."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pyarrow.fs as pafs
from numpy.typing import NDArray

from unsurprised.errors import InputError
from unsurprised.sources.stores.addresses import Address
from unsurprised.sources.stores.faults import asking, is_missing
from unsurprised.sources.stores.filesystems import asked, filesystem_of, path_of
from unsurprised.sources.stores.objects import SIDE_BY_SIDE, opened
from unsurprised.sources.stores.sending import Sending


class StoredFolder:
    """A folder behind an address, which appears with its first object."""

    def __init__(self, address: str) -> None:
        self._address = Address.of(address)

    def __str__(self) -> str:
        return str(self._address)

    def below(self, name: str) -> str:
        """The address of a folder in it."""
        return str(self._address.below(name))

    def make(self) -> None:
        """Nothing: stores have no folders."""

    def write(self, name: str, pieces: Iterable[bytes]) -> None:
        """Write an object, whole or not at all, over the one of this name."""
        Sending(self.below(name), pieces=pieces).appear()

    def has(self, name: str) -> bool:
        """Whether there is an object of this name."""
        address = self._address.below(name)
        with asking(str(self)):
            path = path_of(address)
            found, _ = asked(address, lambda store: store.get_file_info(path))
        return bool(found.type == pafs.FileType.File)

    def fill(self, wanted: Sequence[tuple[str, int, NDArray[Any]]]) -> None:
        """Fill arrays with what objects hold from an offset on, several at once.

        Raises
        ------
        FileNotFoundError
            One of the objects is not there.
        """
        if len(wanted) < 2:
            for each in wanted:
                self._fill(each)
            return
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            for _ in pool.map(self._fill, wanted):
                pass

    def _fill(self, wanted: tuple[str, int, NDArray[Any]]) -> None:
        name, offset, values = wanted
        try:
            found = opened(self.below(name)).exactly(offset, values.nbytes, again=False)
        except InputError as error:
            if is_missing(error):
                raise FileNotFoundError(name) from None
            raise
        values.reshape(-1).view(np.uint8)[:] = np.frombuffer(found, dtype=np.uint8)

    def read(self, name: str) -> bytes:
        """All that an object holds; a :class:`FileNotFoundError` where there is none."""
        try:
            held = opened(self.below(name))
            return held.exactly(0, held.told.size, again=False)
        except InputError as error:
            if is_missing(error):
                raise FileNotFoundError(name) from None
            raise

    def drop(self, name: str) -> None:
        """Take an object away, if it is there."""
        if self.has(name):
            with asking(str(self)):
                filesystem_of(self._address).delete_file(path_of(self._address.below(name)))

    def remove(self) -> None:
        """Take all objects away."""
        path = path_of(self._address)
        with asking(str(self)):
            store = filesystem_of(self._address)
            if store.get_file_info(path).type != pafs.FileType.NotFound:
                store.delete_dir(path)
