"""Objects that appear whole: sent under another name, looked at, and then named.

A stream that an exception leaves commits what it has, so none has the name that somebody waits for.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.fs as pafs

from unsurprised.errors import InputError, Place
from unsurprised.sources.stores.addresses import Address
from unsurprised.sources.stores.faults import asking
from unsurprised.sources.stores.filesystems import asked, filesystem_of, path_of

#: Bytes that are sent at a time.
_CHUNK = 8 << 20


def head_of(file: str, size: int) -> bytes | None:
    """How an object begins; None where there is none."""
    address = Address.of(file)
    with asking(file):
        store, path = filesystem_of(address), path_of(address)
        found, _ = asked(address, lambda store: store.get_file_info(path))
        if found.type == pafs.FileType.NotFound:
            return None
        if found.type == pafs.FileType.Directory:
            raise InputError("it is a folder; expected the name of an object", place=Place(file))
        with store.open_input_file(path) as stream:
            data: bytes = stream.read(size)
            return data


class Sending:
    """A file on its way to its name in a store."""

    def __init__(
        self, file: str, content: Path | None = None, pieces: Iterable[bytes] = ()
    ) -> None:
        """Send a file, or pieces of one, or nothing, to see whether the store takes it."""
        address = Address.of(file)
        folder, _, name = address.key.rpartition("/")
        hidden = f".unsurprised-{secrets.token_hex(8)}-{name}.tmp"
        self._file, self._store = file, filesystem_of(address)
        self._path = path_of(address)
        self._waiting = path_of(address.at("/".join(filter(None, (folder, hidden)))))
        expected = 0 if content is None else content.stat().st_size
        try:
            with asking(file):
                with self._store.open_output_stream(self._waiting) as stream:
                    if content is not None:
                        with content.open("rb") as source:
                            shutil.copyfileobj(source, pa.PythonFile(stream, "w"), _CHUNK)
                    for piece in pieces:
                        stream.write(piece)
                        expected += len(piece)
                sent = self._store.get_file_info(self._waiting).size
            if sent != expected:
                raise InputError(
                    f"the store holds {sent} bytes of what was sent, which were {expected:,}",
                    remedy="send it again",
                    place=Place(file),
                )
        except BaseException:
            self.drop()
            raise

    def appear(self) -> None:
        """Give what was sent its name."""
        with asking(self._file):
            self._store.move(self._waiting, self._path)

    def drop(self) -> None:
        """Take away what was sent and has no name."""
        with suppress(Exception):
            self._store.delete_file(self._waiting)
