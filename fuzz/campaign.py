"""A campaign: targets take turns; what reaches new code is mutated further."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from fuzz.case import Case, Target, read_case
from fuzz.child import Found, Judge, Send, batch, in_child
from fuzz.reached import Blocks
from fuzz.reduce import reduced

CORPUS = Path(__file__).parent / "corpus"
#: Seconds of a turn at most: the first cases of a process take long.
_TURN = 30.0


@dataclass
class Standing:
    """How far a target has come."""

    pool: list[Case]
    cases: int = 0
    seconds: float = 0.0
    #: Inputs that reached what none before them had.
    new: list[Case] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    failures: int = 0


def all_targets() -> list[Target]:
    """Every target."""
    from fuzz import bases, commands, decoders, dumps, made, parts, readers

    return [
        *bases.targets(),
        *parts.targets(),
        *decoders.targets(),
        *readers.targets(),
        *commands.targets(),
        *made.targets(),
        *dumps.targets(),
    ]


def warm_up() -> None:
    """Make once what every child would make anew; what may start threads is made in one of them."""
    from fuzz import commands, made

    commands.prepare()

    def work(send: Send) -> None:
        send((commands.files(), made.calibrators()))

    ((held, calibrators),) = in_child(work, 600)[0]
    commands.files(held)
    made.calibrators(calibrators)


class Campaign:
    """Runs targets until the time or the cases are spent."""

    def __init__(
        self, targets: Sequence[Target], blocks: Blocks, seed: int, say: Callable[[Found], None]
    ) -> None:
        self.say = say
        self.targets, self.blocks, self.seed = list(targets), blocks, seed
        self.standing = {target.name: Standing([]) for target in targets}
        self.found: dict[tuple[str, str], Found] = {}
        self.times: Counter[tuple[str, str]] = Counter()
        self._seconds = _TURN

    def turns(self, *, seconds: float = 0, cases: int = 0) -> Iterator[str]:
        """One turn after another, until each target has had its share; says what came of each."""
        begin, number = time.monotonic(), 0
        self._seconds = min(_TURN, max(seconds / len(self.targets), 5.0)) if seconds else 600.0
        while True:
            for target in self.targets:
                left = cases and -(-cases // len(self.targets)) - self.standing[target.name].cases
                if (cases and left <= 0) or (seconds and time.monotonic() - begin > seconds):
                    continue
                yield self._turn(target, number, min(left, 500) if cases else 1 << 30)
            number += 1
            if seconds and time.monotonic() - begin > seconds:
                return
            share = -(-cases // len(self.targets))
            if cases and all(one.cases >= share for one in self.standing.values()):
                return

    def _turn(self, target: Target, number: int, cases: int) -> str:
        standing = self.standing[target.name]
        if not standing.pool:  # seeds and corpus first: only what is new then counts as new
            standing.pool = seeds_of(target)
            self._note(target, _each_alone(target, standing.pool, self.blocks))
        random = Random(f"{self.seed} {target.name} {number}")
        begin = time.monotonic()
        run, new, failures, kinds = batch(
            target, standing.pool, random, cases, self._seconds, self.blocks
        )
        standing.cases += run
        standing.seconds += time.monotonic() - begin
        standing.answers += kinds
        for case, flags in new:
            self._reached(flags)
            standing.new.append(case)
            standing.pool.append(case)
        self._note(target, failures)
        lines = sum(reached for reached, _ in self.blocks.lines().values())
        return (
            f"{target.name:10} {run:7,} cases, {run / (time.monotonic() - begin):7.0f} a second, "
            f"{len(new)} new, {lines:,} statements"
        )

    def _reached(self, flags: bytes) -> None:
        for place, flag in enumerate(flags):
            if flag:
                self.blocks.flags[place] = 1

    def _note(self, target: Target, messages: Iterable[Found | bytes]) -> None:
        for one in messages:
            if isinstance(one, bytes):
                self._reached(one)
                continue
            self.times[one.key] += 1
            if one.key not in self.found:
                self.standing[target.name].failures += 1
                self.found[one.key] = reduced(target, one)
                self.say(self.found[one.key])


def seeds_of(target: Target) -> list[Case]:
    """What a target begins with: what is made, and what is kept."""
    made: list[Case] = in_child(lambda send: send(list(target.seeds())), 300)[0][0]
    return [*made, *kept(target)]


def kept(target: Target) -> list[Case]:
    """The target's part of the corpus."""
    folder = CORPUS / target.name
    return [read_case(path) for path in sorted(folder.rglob("*-*"))]


def replayed(targets: Sequence[Target]) -> Iterator[Found]:
    """Failures of what is kept."""
    for target in targets:
        for message in _each_alone(target, kept(target), None):
            if isinstance(message, Found):
                yield message


def _each_alone(
    target: Target, cases: Sequence[Case], blocks: Blocks | None
) -> Iterator[Found | bytes]:
    """Failures of the cases, and the flags in the end; a case that ends the process ends itself."""
    from fuzz.child import Current, dead

    rest = list(cases)
    while rest:
        current = Current()

        def work(send: Send, rest: Sequence[Case] = rest, current: Current = current) -> None:
            with Judge(target, current) as judge:
                for case in rest:
                    found = judge.run(case)[1]
                    if found is not None:
                        send(found)
            if blocks is not None:
                send(bytes(blocks.flags))

        messages, number, said = in_child(work, 12 * target.seconds + 5 * len(rest) + 60)
        yield from messages
        if not number:
            return
        run, case = current.read()
        yield dead(target.name, case, number, said)
        rest = rest[run:]


def told(found: Found, times: int) -> str:
    """A failure in a few lines."""
    last = found.told.strip().splitlines()[-1:]
    return (
        f"{found.target}: {found.kind} at {found.where} ({times} times)\n    {''.join(last)[:300]}"
    )
