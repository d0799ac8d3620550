"""Which of the arrays of a file hold the scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from unsurprised.errors import InputError, Place

#: What scores are called where a file has other arrays too; the first that is there is taken.
USUAL = ("logits", "logprobs", "log_probs", "output_logits", "scores", "arr_0")


def chosen(shapes: Mapping[str, Sequence[int]], file: str) -> list[str]:
    """The array of scores by its usual name or its shape; else all, as one a document."""
    for name in USUAL:
        if name in shapes and len(shapes[name]) in (2, 3) and (name != "arr_0" or len(shapes) == 1):
            return [name]
    wide = [name for name, shape in shapes.items() if len(shape) in (2, 3)]
    if len(wide) == 1:
        return wide
    if wide and len(wide) == len(shapes) and len({shapes[name][-1] for name in wide}) == 1:
        return wide
    told = ", ".join(f"{name!r} {tuple(shape)}" for name, shape in list(shapes.items())[:4])
    raise InputError(
        f"found the arrays {told}" if shapes else "found no array",
        expected="one of shape (tokens, vocabulary) or (document, position, vocabulary)",
        remedy="name the scores 'logits', or write one array a document and nothing else",
        place=Place(file),
    )
