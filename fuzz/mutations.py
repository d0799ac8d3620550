"""Changes of bytes, whatever they mean."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Sequence
from random import Random

from fuzz.case import LARGEST, Mutation

_EDGES = [0, 1, 2, 7, 8, 16, 63, 64, 127, 128, 255, 256, 1000, 32767, 32768, 65535, 65536]
_EDGES += [2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**53, 2**62, 2**63 - 1, 2**63, 2**64 - 1]
NUMBERS = [
    *("0", "-0", "1", "-1", "0.5", "1e-320", "5e-324", "1e308", "-1e308", "1e400", "-1e400"),
    *("nan", "NaN", "inf", "-inf", "Infinity", "1e-17", "0.1", "2", "100", "1e9", "1e18"),
    *map(str, (2**31, 2**53 + 1, 2**63 - 1, 2**63, 2**64, 10**30, -(2**63), -(2**63) - 1)),
    *("1_000", "0x10", "1,5", "+1", ".5", "5.", "1e", "٣", "1" * 400, "1/3", "50%", "-100"),
]
_DIGITS = re.compile(rb"[-+]?\d+(\.\d+)?([eE][-+]?\d+)?")


def flipped(random: Random, data: bytes, _: bytes) -> bytes:
    """A few bytes are others."""
    changed = bytearray(data or b"\0")
    for _ in range(random.choice((1, 1, 1, 2, 4, 8))):
        at = random.randrange(len(changed))
        if random.random() < 0.5:
            changed[at] ^= 1 << random.randrange(8)
        else:
            changed[at] = random.choice((0, 1, 127, 128, 255, 10, 34, random.randrange(256)))
    return bytes(changed)


def renumbered(random: Random, data: bytes, _: bytes) -> bytes:
    """Bytes that may be a number are a notable one."""
    size = random.choice((1, 2, 4, 8))
    if len(data) < size:
        return data
    at = random.randrange(len(data) - size + 1)
    if random.random() < 0.5:
        at -= at % size
    order = "<" if random.random() < 0.8 else ">"
    if random.random() < 0.3:
        old = int.from_bytes(data[at : at + size], "little")
        value = old + random.choice((-1, 1, -8, 8, 255))
    else:
        value = random.choice(_EDGES)
    value %= 1 << 8 * size
    return data[:at] + value.to_bytes(size, "little" if order == "<" else "big") + data[at + size :]


def refloated(random: Random, data: bytes, _: bytes) -> bytes:
    """Eight bytes are a notable float."""
    if len(data) < 8:
        return data
    at = random.randrange(len(data) - 7)
    notable = (float("nan"), float("inf"), -0.0, 5e-324, 1e308, 1.0, 0.5, 1 + 2**-52, -1e-300)
    return data[:at] + struct.pack("<d", random.choice(notable)) + data[at + 8 :]


def rewritten_number(random: Random, data: bytes, _: bytes) -> bytes:
    """A number in digits is a notable one."""
    found = list(_DIGITS.finditer(data))
    if not found:
        return data
    one = random.choice(found)
    return data[: one.start()] + random.choice(NUMBERS).encode() + data[one.end() :]


def cut(random: Random, data: bytes, _: bytes) -> bytes:
    """The end is missing, or the beginning."""
    at = random.randrange(len(data) + 1)
    return data[:at] if random.random() < 0.8 else data[at:]


def without_block(random: Random, data: bytes, _: bytes) -> bytes:
    """Some of it is missing."""
    begin, end = _block(random, data)
    return data[:begin] + data[end:]


def repeated(random: Random, data: bytes, _: bytes) -> bytes:
    """Some of it stands there twice, or many times."""
    begin, end = _block(random, data)
    times = random.choice((1, 1, 2, 3, 100))
    return (data[:end] + data[begin:end] * times + data[end:])[:LARGEST]


def moved(random: Random, data: bytes, _: bytes) -> bytes:
    """Some of it stands elsewhere too."""
    begin, end = _block(random, data)
    at = random.randrange(len(data) + 1)
    over = random.choice((0, end - begin))
    return data[:at] + data[begin:end] + data[at + over :]


def spliced(random: Random, data: bytes, other: bytes) -> bytes:
    """The beginning of one and the end of another."""
    if random.random() < 0.5:
        begin, end = _block(random, other)
        at = random.randrange(len(data) + 1)
        return data[:at] + other[begin:end] + data[at:]
    at = random.randrange(len(data) + 1)
    return data[:at] + other[min(at, len(other)) :]


def inserted(random: Random, data: bytes, _: bytes) -> bytes:
    """Some bytes are new."""
    at = random.randrange(len(data) + 1)
    new = random.randbytes(random.choice((1, 1, 2, 4, 16)))
    return data[:at] + new + data[at:]


def tokens(*words: bytes | str) -> Mutation:
    """The mutation that puts in one of the words."""
    known = [word.encode() if isinstance(word, str) else word for word in words]

    def with_word(random: Random, data: bytes, _: bytes) -> bytes:
        at = random.randrange(len(data) + 1)
        word = random.choice(known)
        over = random.choice((0, 0, len(word)))
        return data[:at] + word + data[at + over :]

    return with_word


def parts(separator: bytes) -> Mutation:
    """The mutation that drops, doubles or swaps what stands between separators."""

    def changed(random: Random, data: bytes, other: bytes) -> bytes:
        found = data.split(separator)
        at, to = random.randrange(len(found)), random.randrange(len(found))
        what = random.randrange(5)
        if what == 0:
            del found[at]
        elif what == 1:
            found.insert(to, found[at])
        elif what == 2:
            found[at], found[to] = found[to], found[at]
        elif what == 3:
            found.insert(to, random.choice(other.split(separator)))
        else:
            found[at] = random.choice((b"", b" ", found[at] * 2, found[at] + b" "))
        return separator.join(found)

    return changed


ANY: Sequence[Mutation] = (
    *(flipped, flipped, renumbered, refloated, cut, without_block),
    *(repeated, moved, spliced, inserted),
)
TEXT: Sequence[Mutation] = (
    *(rewritten_number, rewritten_number, flipped, without_block, repeated, moved, spliced),
    *(inserted, cut, parts(b"\n"), parts(b"\n"), parts(b",")),
)


def mutate(random: Random, mutations: Sequence[Mutation], data: bytes, other: bytes) -> bytes:
    """One change, or a few."""
    for _ in range(random.choice((1, 1, 1, 2, 2, 3, 5))):
        data = random.choice(mutations)(random, data, other)[:LARGEST]
    return data


def sealed(mutations: Sequence[Mutation], mended: Callable[[bytes], bytes]) -> list[Mutation]:
    """Each mutation, with the checksum right again."""
    return [_sealed(one, mended) for one in mutations]


def _sealed(mutation: Mutation, mended: Callable[[bytes], bytes]) -> Mutation:
    return lambda random, data, other: mended(mutation(random, data, other))


def _block(random: Random, data: bytes) -> tuple[int, int]:
    begin = random.randrange(len(data) + 1)
    size = min(random.choice((1, 2, 4, 8, 16, 64, len(data) // 2 + 1)), len(data) - begin)
    return begin, begin + size
