"""The texts of the worst tokens as a state keeps them, for whoever merges has no texts at hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from unsurprised.copies import Record
from unsurprised.errors import StateError
from unsurprised.language_models.meter import FidelityMeter
from unsurprised.language_models.result import Fidelity, WorstToken
from unsurprised.language_models.worst import worst_token

#: What texts are known of a token.
_TEXTS = ("text", "base_top_text", "other_top_text", "before", "after")

Key = tuple[str, int, int | None, int | None, int | None]


@dataclass(frozen=True, slots=True)
class WorstTexts(Record):
    """Of each of the worst tokens its texts, by where it stands and by its ids."""

    held: Mapping[Key, tuple[str | None, ...]]
    #: Whether tokens are texts, and their ids are none.
    by_text: bool = False

    @classmethod
    def of(cls, plain: Fidelity, worded: Fidelity, *, by_text: bool) -> WorstTexts:
        """The texts that the second result has of the tokens of the first."""
        pairs = zip(plain.worst_tokens, worded.worst_tokens, strict=True)
        held = {
            _key(one): tuple(getattr(told, name) for name in _TEXTS)
            for one, told in pairs
            if told != one
        }
        return cls(held, by_text)

    def joined(self, other: WorstTexts, meter: FidelityMeter) -> WorstTexts:
        """The texts of both, of the tokens that are the worst of a merged meter."""
        held = {**self.held, **other.held}
        worst = (_key(worst_token(entry, 1.0)) for entry in meter.states["worst"].result())
        return replace(self, held={key: held[key] for key in worst if key in held})

    def worded(self, found: Fidelity) -> Fidelity:
        """The result with the texts of its worst tokens."""
        return replace(found, worst_tokens=tuple(map(self._worded, found.worst_tokens)))

    def _worded(self, token: WorstToken) -> WorstToken:
        texts = self.held.get(_key(token))
        if texts is not None:
            known: dict[str, Any] = dict(zip(_TEXTS, texts, strict=True))
            token = replace(token, **known)
        return replace(token, target=None, base_top=None, other_top=None) if self.by_text else token

    def said(self) -> dict[str, Any]:
        """The texts as dictionaries, lists and plain values."""
        held = [[list(key), list(texts)] for key, texts in self.held.items()]
        return {"held": sorted(held, key=repr), "by_text": self.by_text}

    @classmethod
    def of_said(cls, said: Mapping[str, Any]) -> WorstTexts:
        """The texts that :meth:`said` told."""
        held: dict[Key, tuple[str | None, ...]] = {}
        for key, texts in said["held"]:
            document, position, *ids = key
            if len(ids) != 3 or len(texts) != len(_TEXTS):
                raise StateError("the bytes of the state hold other texts than those of tokens")
            held[(str(document), position, ids[0], ids[1], ids[2])] = tuple(texts)
        return cls(held, bool(said["by_text"]))


def _key(token: WorstToken) -> Key:
    return (token.document, token.position, token.target, token.base_top, token.other_top)
