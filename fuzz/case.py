"""An input, the target it is for, and what counts as a failure."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

#: Takes the source of chance, an input and another one; gives a new input.
Mutation = Callable[[random.Random, bytes, bytes], bytes]

SECONDS = 10
#: What a small input may make the process grow by.
MEBIBYTES = 512
LARGEST = 1 << 16


@dataclass(frozen=True)
class Case:
    """An input for one of a target's ways of taking it."""

    variant: int
    data: bytes

    @property
    def name(self) -> str:
        """A file's name."""
        return f"{self.variant}-{blake2b(self.data, digest_size=8).hexdigest()}"


def read_case(path: Path) -> Case:
    """The case that a file of the corpus holds."""
    return Case(int(path.name.split("-")[0]), path.read_bytes())


@dataclass(frozen=True)
class Target:
    """Something that takes bytes from strangers."""

    name: str
    #: Gives an answer for (input, variant, an empty folder that must be empty again in the end).
    #: Equal inputs have equal answers; whatever it raises is a failure.
    run: Callable[[bytes, int, Path], str]
    seeds: Callable[[], Sequence[Case]]
    mutations: Sequence[Mutation]
    variants: int = 1
    #: Makes a checksum right again, which would hide everything behind it.
    mended: Callable[[bytes], bytes] = bytes
    #: What the input is cut into when it is made smaller.
    separator: bytes = b""
    seconds: float = SECONDS
    #: Whether it runs commands, for which there is something to prepare.
    warm: bool = False


class Failure(Exception):
    """A promise that was broken without an exception of its own."""


def same(one: object, other: object, what: str) -> None:
    """Raise where two ways to an answer disagree."""
    if one != other:
        raise Failure(f"{what}: {str(one)[:300]!r} and {str(other)[:300]!r}")


def one_line(error: BaseException) -> str:
    """The message of the library's own error, which must be one line of bearable length."""
    text = str(error)
    if "\n" in text or len(text) > 3000 or not text:
        raise Failure(f"no one line: {text[:500]!r}")
    if "a fault of unsurprised" in text:
        raise Failure(text[:1000])
    return f"{type(error).__name__}: {text}"
