"""Folders that several machines reach, for files that they leave for each other for a while.

Whoever makes one marks it, and takes the mark away before all else. So a task that outlives the
call it was for writes nothing any more, or takes away again what it has written.
"""

from __future__ import annotations

import os
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from unsurprised.addresses import scheme_of, without_secrets
from unsurprised.errors import CallError, InputError
from unsurprised.sources.stores.addresses import local_path
from unsurprised.sources.stores.shared import StoredFolder
from unsurprised.writing.interruption import held_back
from unsurprised.writing.temporary import Temporary

#: The file that tells that its folder is in use.
_MARK = "in-use"
#: A folder in which tasks still write is removed again after so many seconds, a few times.
_AGAIN_SECONDS, _TIMES = 0.05, 5


class SharedFolder(Protocol):
    """A folder on a disk, or in a store."""

    def below(self, name: str) -> str:
        """The path, or address, of a folder in it."""

    def make(self) -> None:
        """Let it be there."""

    def write(self, name: str, pieces: Iterable[bytes]) -> None:
        """Write a file, whole or not at all, over the one of this name."""

    def has(self, name: str) -> bool:
        """Whether there is a file of this name."""

    def fill(self, wanted: Sequence[tuple[str, int, NDArray[Any]]]) -> None:
        """Fill arrays with what files hold from an offset on."""

    def read(self, name: str) -> bytes:
        """All that a file holds."""

    def drop(self, name: str) -> None:
        """Take a file away, if it is there."""

    def remove(self) -> None:
        """Take the folder away, with all files."""


class LocalFolder:
    """A folder on a disk of this machine, or on one that machines share."""

    def __init__(self, path: str) -> None:
        self._path = Path(path).absolute()

    def __str__(self) -> str:
        return str(self._path)

    def below(self, name: str) -> str:
        """The path of a folder in it."""
        return str(self._path / name)

    def make(self) -> None:
        """Let it be there."""
        self._path.mkdir(exist_ok=True)

    def write(self, name: str, pieces: Iterable[bytes]) -> None:
        """Write a file, whole or not at all, over the one of this name."""
        temporary = Temporary(self._path)
        try:
            with temporary.path.open("wb") as stream:
                stream.writelines(pieces)
            temporary.path.replace(self._path / name)
        finally:
            temporary.drop()

    def has(self, name: str) -> bool:
        """Whether there is a file of this name."""
        return (self._path / name).is_file()

    def fill(self, wanted: Sequence[tuple[str, int, NDArray[Any]]]) -> None:
        """Fill arrays with what files hold from an offset on."""
        for name, offset, values in wanted:
            with (self._path / name).open("rb", buffering=0) as stream:
                stream.seek(offset)
                _fill(stream, values)

    def read(self, name: str) -> bytes:
        """All that a file holds."""
        return (self._path / name).read_bytes()

    def drop(self, name: str) -> None:
        """Take a file away, if it is there."""
        (self._path / name).unlink(missing_ok=True)

    def remove(self) -> None:
        """Take the folder away, with all files."""
        for _ in range(_TIMES):
            with suppress(OSError):  # a task has written a file meanwhile, or taken its own away
                shutil.rmtree(self._path)
            if not self._path.exists():
                return
            time.sleep(_AGAIN_SECONDS)
        shutil.rmtree(self._path)


def _fill(stream: Any, values: NDArray[Any]) -> None:
    view: Any = values.reshape(-1).view(np.uint8).data
    while len(view):
        count = stream.readinto(view)
        if not count:
            raise FileNotFoundError(stream.name)  # of no use: it was cut
        view = view[count:]


class Exchange:
    """A folder of one call in one that all machines reach; what goes wrong is told in one line.

    Parameters
    ----------
    name : str
        Its path, which is the same on all machines, or its address.
    """

    def __init__(self, name: str) -> None:
        path = local_path(name) if scheme_of(name) is not None else name
        self._folder: SharedFolder = StoredFolder(name) if path is None else LocalFolder(path)

    def __str__(self) -> str:
        return str(self._folder)

    def write(self, name: str, pieces: Iterable[bytes]) -> None:
        """Write a file, whole or not at all, as long as the folder is in use.

        Raises
        ------
        CallError
            It cannot be written, or the folder is another one on this machine.
        """
        with self._telling("cannot be written"):
            self._refuse_elsewhere()
            self._folder.write(name, pieces)
            if not self._folder.has(_MARK):
                self._folder.drop(name)
                self._refuse_elsewhere()

    def fill(self, wanted: Sequence[tuple[str, int, NDArray[Any]]]) -> None:
        """Fill arrays with what files hold from an offset on."""
        with self._telling("cannot be read"):
            self._folder.fill(wanted)

    def read(self, name: str) -> bytes:
        """All that a file holds."""
        with self._telling("cannot be read"):
            return self._folder.read(name)

    def _refuse_elsewhere(self) -> None:
        if not self._folder.has(_MARK):
            raise FileNotFoundError(_MARK)

    @contextmanager
    def _telling(self, what: str) -> Iterator[None]:
        """Say what goes wrong between a machine and the folder; stores say it by themselves."""
        shown = without_secrets(str(self))
        try:
            yield
        except FileNotFoundError:
            raise CallError(
                f"exchange {shown}: a worker does not find there what another machine has written; "
                "expected a folder that all machines share under this path, or an address in a "
                "store"
            ) from None
        except InputError as error:
            raise _refused(shown, f"{what}: {error.found}") from None
        except OSError as error:
            raise _refused(shown, f"{what}: {error.strerror or error}") from None

    @classmethod
    @contextmanager
    def made(cls, within: Any) -> Iterator[Exchange]:
        """A new folder in another one, which is removed at the end, however that comes.

        The other one is made where it is not there, and removed then as well.
        """
        found, made = None, None
        try:
            with held_back():
                outer, made = _outer(within)
                found = cls(outer.below(f"unsurprised-{secrets.token_hex(8)}"))
                with _making(within):
                    found._folder.make()
            with _making(within):
                found._folder.write(_MARK, [b""])
            yield found
        except BaseException:
            with held_back(), suppress(Exception):
                if found is not None:
                    found._remove(made)
            raise
        with held_back(), found._telling("cannot be removed"):
            found._remove(made)

    def _remove(self, outer: Path | None) -> None:
        self._folder.drop(_MARK)
        self._folder.remove()
        if outer is not None:
            with suppress(OSError):  # somebody else uses it meanwhile
                outer.rmdir()


@contextmanager
def _making(within: Any) -> Iterator[None]:
    """Say why a folder cannot be made."""
    shown = without_secrets(os.fspath(within))
    try:
        yield
    except InputError as error:
        raise _refused(shown, f"cannot be written: {error.found}") from None
    except OSError as error:
        raise _refused(shown, f"cannot be written: {error.strerror or error}") from None


def _outer(within: Any) -> tuple[SharedFolder, Path | None]:
    """The folder that somebody named, and its path if it was made for this."""
    if not isinstance(within, str | os.PathLike) or not os.fspath(within):
        raise CallError(
            f"exchange={within!r:.80}; expected the path of a folder that all machines share, or "
            "an address in a store, such as s3://bucket/folder"
        )
    name = os.fspath(within)
    path = local_path(name) if scheme_of(name) is not None else name
    if path is None:
        return StoredFolder(name), None
    with _making(within):
        made = not Path(path).exists()
        Path(path).mkdir(exist_ok=True)
    return LocalFolder(path), Path(path).absolute() if made else None


def _refused(shown: str, what: str) -> CallError:
    return CallError(
        f"exchange {shown}: {what}; expected a folder that all machines may write to, or an "
        "address in a store"
    )
