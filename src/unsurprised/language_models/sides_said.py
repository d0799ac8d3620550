"""What a result says of the two sides beside what their meters tell: plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from unsurprised.copies import Record
from unsurprised.language_models.scored_tokens import lacks_likely
from unsurprised.language_models.top_logprobs import TopLogProbs


@dataclass(frozen=True, slots=True)
class ListsSaid(Record):
    """What is said of an artefact of lists."""

    notes: tuple[str, ...]
    #: Whether it says of no token which are the likely ones.
    lacks_likely: bool


@dataclass(frozen=True, slots=True)
class SidesSaid(Record):
    """What is said of a base and of another model."""

    names: tuple[str, str]
    #: Of whole rows nothing.
    lists: tuple[ListsSaid | None, ListsSaid | None] = (None, None)
    #: What of the two is not there, by their files.
    missing: Mapping[str, str] = field(default_factory=dict)
    #: Whether tokens are texts, so that their ids are none of a vocabulary.
    by_text: bool = False

    @classmethod
    def of(cls, names: tuple[str, str], sides: tuple[Any, Any], missing: Mapping[str, str]) -> Any:
        """What is said of two artefacts."""
        base, other = (
            ListsSaid(tuple(side.notes), lacks_likely(side))
            if isinstance(side, TopLogProbs)
            else None
            for side in sides
        )
        by_text = all(
            isinstance(side, TopLogProbs) and side.lists.texts is not None for side in sides
        )
        return cls(names, (base, other), missing, by_text)

    @property
    def bounded(self) -> bool:
        """Whether divergences have upper bounds of their own: a side is lists."""
        return self.lists != (None, None)

    def said(self) -> dict[str, Any]:
        """The same as dictionaries, lists and plain values."""
        return {
            "names": list(self.names),
            "lists": [
                None if side is None else {"notes": list(side.notes), "lacks": side.lacks_likely}
                for side in self.lists
            ],
            "missing": dict(self.missing),
            "by_text": self.by_text,
        }

    @classmethod
    def of_said(cls, said: Mapping[str, Any]) -> SidesSaid:
        """What :meth:`said` told."""
        base, other = (
            None if side is None else ListsSaid(tuple(map(str, side["notes"])), bool(side["lacks"]))
            for side in said["lists"]
        )
        first, second = map(str, said["names"])
        missing = {str(name): str(why) for name, why in said["missing"].items()}
        return cls((first, second), (base, other), missing, bool(said["by_text"]))
