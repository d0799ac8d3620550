"""The outputs of a command, of which some may go to a store."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from unsurprised.addresses import named, scheme_of, without_secrets
from unsurprised.errors import CallError, InputError
from unsurprised.writing import Outputs as LocalOutputs
from unsurprised.writing import Target
from unsurprised.writing.recognition import Replaceable
from unsurprised.writing.temporary import Temporary

if TYPE_CHECKING:
    from unsurprised.sources.stores.sending import Sending

#: So much of an object tells what has written it.
_HEAD_BYTES = 4096


class StoredTarget(Target):
    """An object of a store, written to a file here, and sent once that is complete."""

    _sending: Sending | None = None
    _head: bytes | None = None

    @contextmanager
    def file(self) -> Iterator[Path]:
        """The path of an empty file to write to."""
        with self._named():
            temporary = self._temporary = Temporary.private(Path(tempfile.gettempdir()))
            yield temporary.path

    def same(self, other: Target) -> bool:
        """Whether both would be written to one place."""
        return isinstance(other, StoredTarget) and named(self.name) == named(other.name)

    def check_replaceable(self) -> None:
        """Raise where an object that is there must be kept."""
        if self._head is None:
            return
        with self._named():
            kept = Temporary.private(Path(tempfile.gettempdir()))
            try:
                kept.path.write_bytes(self._head)
                self._replaceable(kept.path)
            finally:
                kept.drop()

    def finish(self) -> None:
        """Send what was written, under another name."""
        if self._temporary is not None:
            self._sending = self._sent(self._temporary.path)

    def publish(self) -> None:
        """Let it appear."""
        if self._sending is not None:
            self._sending.appear()
            self._sending = None

    def finished(self) -> None:
        """No file waits for its name."""
        return

    def drop(self) -> None:
        """Forget what was written and sent."""
        super().drop()
        if self._sending is not None:
            self._sending.drop()

    @property
    def _is_file(self) -> bool:
        return True

    def _look(self) -> None:
        """Raise unless it can be written: hours of work may come first."""
        from unsurprised.sources.stores.sending import head_of  # pyarrow is slow

        if not named(self.name).partition("://")[2].partition("/")[2].rpartition("/")[2]:
            raise ValueError("it names no object; expected s3://bucket/folder/name")
        with self._located():
            self._head = head_of(self.name, _HEAD_BYTES)
        self._sent(None).drop()

    def _sent(self, content: Path | None) -> Sending:
        from unsurprised.sources.stores.sending import Sending

        with self._located():
            return Sending(self.name, content)

    @contextmanager
    def _located(self) -> Iterator[None]:
        """What a store says, of the option."""
        try:
            yield
        except InputError as error:
            raise self.refused(error.found) from None


class Outputs(LocalOutputs):
    """All outputs of one command, together; addresses are objects of a store."""

    def __init__(self, inputs: Iterable[str] = (), *, overwrite: bool = False) -> None:
        inputs = list(inputs)
        super().__init__(inputs, overwrite=overwrite)
        self._stored = {named(each) for each in inputs if scheme_of(each) is not None}

    def _target(self, option: str, name: str, replaceable: Replaceable, overwrite: bool) -> Target:
        scheme = scheme_of(name)
        if scheme == "file":
            return Target(option, _path_of(option, name), replaceable, overwrite)
        if scheme is None:
            return super()._target(option, name, replaceable, overwrite)
        target = StoredTarget(option, name, replaceable, overwrite)
        if named(name) in self._stored:
            raise target.refused("it is also the input; name another path")
        return target


def _path_of(option: str, address: str) -> str:
    """The path of a file's address."""
    from unsurprised.sources.stores.addresses import local_path

    try:
        return local_path(address) or address
    except InputError as error:
        raise CallError(
            f"{option} {without_secrets(address)}: cannot be written: {error.found}"
        ) from None
