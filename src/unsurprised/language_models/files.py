"""A base's file, those of others, and perhaps a second run of the base: opened, and read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from unsurprised.float_errors import own_float_errors
from unsurprised.language_models.artefacts import AnyOpened, opened
from unsurprised.language_models.model_pair import ModelPair, with_noise
from unsurprised.language_models.pair_meters import PairMeters, Progress
from unsurprised.language_models.placing import Placing
from unsurprised.language_models.result import Fidelity
from unsurprised.sources.places import named_path, plain
from unsurprised.units import checked_base


@dataclass(frozen=True, slots=True)
class Files:
    """What a command reads, opened; each is called by the shortest end that tells it apart."""

    base: AnyOpened
    others: tuple[AnyOpened, ...]
    second: AnyOpened | None
    names: Mapping[str, str]

    @classmethod
    def opened(cls, base: str, others: Sequence[str], noise: str | None, *, partial: bool) -> Files:
        """Open all before the first is read, so that no fault shows after an hour."""
        base, others = plain(base), [*map(plain, others)]
        noise = None if noise is None else plain(noise)
        paths = [base, *others, *([] if noise is None else [noise])]
        return cls(
            opened(base, base, partial=partial),
            tuple(opened(other, other, partial=partial) for other in others),
            None if noise is None else opened(noise, noise, partial=partial),
            short_names(paths),
        )

    def pairs(self, given: Placing) -> list[ModelPair]:
        """The base beside each other model, and then beside its second run."""
        sides = [*self.others, *([] if self.second is None else [self.second])]
        name = self.names[self.base.said]
        return [ModelPair(self.base, side, given, (name, self.names[side.said])) for side in sides]

    def tops(self, top: int) -> list[int]:
        """How many of the worst tokens to keep of each."""
        return [top] * len(self.others) + [0] * (self.second is not None)

    @property
    def rows(self) -> int:
        """How many pairs of rows will be read."""
        return self.base.tokens * (len(self.others) + (self.second is not None))

    @property
    def files(self) -> Sequence[str]:
        """Their paths, as a page says them."""
        sides = [self.base, *self.others, *([] if self.second is None else [self.second])]
        return [side.said for side in sides]

    @property
    def choices(self) -> Mapping[str, str]:
        """Nothing was chosen among readings."""
        return {}


@own_float_errors
def read_files(
    files: Files,
    given: Placing,
    *,
    top: int,
    unit: float,
    rows: int | None = None,
    progress: Progress | None = None,
) -> list[Fidelity]:
    """Each other beside the base."""
    checked_base(unit)
    pairs = files.pairs(given)
    read = [
        pair.read(top=size, rows=rows, progress=progress)
        for pair, size in zip(pairs, files.tops(top), strict=True)
    ]
    return results_of(pairs, read, unit, noisy=files.second is not None)


def results_of(
    pairs: Sequence[ModelPair], read: Sequence[PairMeters], unit: float, *, noisy: bool
) -> list[Fidelity]:
    """What meters of all tokens tell of each other model; the last is the second run's."""
    others = pairs[: len(pairs) - noisy]
    found = [pair.result(meters, unit) for pair, meters in zip(others, read, strict=False)]
    if not noisy:
        return found
    said = pairs[-1].said
    return [
        with_noise(one, meters, read[-1], said, unit)
        for one, meters in zip(found, read, strict=False)
    ]


def short_names(paths: Sequence[str]) -> dict[str, str]:
    """The shortest ends of paths that tell them apart."""
    different = list(dict.fromkeys(paths))
    parts = [named_path(path).parts for path in different]
    for count in range(1, max(map(len, parts), default=1) + 1):
        names = ["/".join(part[-count:]) for part in parts]
        if len(set(names)) == len(names):
            return dict(zip(different, names, strict=True))
    return dict(zip(different, different, strict=True))
