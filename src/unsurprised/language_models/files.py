"""A base's file, those of others, and perhaps a second run of the base: opened, and read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from unsurprised.float_errors import own_float_errors
from unsurprised.language_models.artefacts import AnyOpened, opened
from unsurprised.language_models.measure import Placing, Progress, measured
from unsurprised.language_models.noise import noise_floor
from unsurprised.language_models.result import Fidelity


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
        paths = [base, *others, *([] if noise is None else [noise])]
        return cls(
            opened(base, base, partial=partial),
            tuple(opened(other, other, partial=partial) for other in others),
            None if noise is None else opened(noise, noise, partial=partial),
            short_names(paths),
        )

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
    name = files.names[files.base.said]
    found = [
        measured(
            files.base,
            other,
            given,
            (name, files.names[other.said]),
            top=top,
            unit=unit,
            rows=rows,
            progress=progress,
        )
        for other in files.others
    ]
    if files.second is None:
        return [one.result for one in found]
    names = (name, files.names[files.second.said])
    beside = measured(files.base, files.second, given, names, top=0, unit=unit, rows=rows,
                      progress=progress)  # fmt: skip
    return [
        replace(one.result, noise=noise_floor(one.meter, beside.meter, beside.result, unit))
        for one in found
    ]


def short_names(paths: Sequence[str]) -> dict[str, str]:
    """The shortest ends of paths that tell them apart."""
    different = list(dict.fromkeys(paths))
    parts = [Path(path).parts for path in different]
    for count in range(1, max(map(len, parts), default=1) + 1):
        names = ["/".join(part[-count:]) for part in parts]
        if len(set(names)) == len(names):
            return dict(zip(different, names, strict=True))
    return dict(zip(different, different, strict=True))
