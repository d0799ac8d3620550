"""Names of classes: when two are the same, what stands around them in columns, what they mean."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from unsurprised.class_names.orders import names_in_order
from unsurprised.errors import CallError

_NUMBER = re.compile(r"[+-]?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,18})")

#: Words that mean no and yes wherever two classes are called so.
NO_AND_YES = (
    ("false", "true"),
    ("no", "yes"),
    ("n", "y"),
    ("f", "t"),
    ("negative", "positive"),
    ("neg", "pos"),
    ("0", "1"),
    ("off", "on"),
)


def key_of(name: Any) -> str:
    """The text by which a class is compared: numbers by their value, all else as it is written.

    Examples
    --------
    >>> [key_of(name) for name in (2, "2", 2.0, "2.0", "2.50", "007", "cat", True)]
    ['2', '2', '2', '2', '2.5', '007', 'cat', 'True']
    """
    text = name.decode() if isinstance(name, bytes) else str(name)
    if not _NUMBER.fullmatch(text):
        return text
    whole, dot, fraction = text.removeprefix("+").partition(".")
    fraction = fraction.rstrip("0")
    number = f"{whole}{dot}{fraction}" if fraction else whole
    return "0" if number == "-0" else number


def integer_of(name: Any) -> int | None:
    """The integer that a name is; None where it is none.

    >>> integer_of("2.0"), integer_of("-1"), integer_of("2.5"), integer_of("cat")
    (2, -1, None, None)
    """
    key = key_of(name)
    number = int(key) if _INTEGER.fullmatch(key) else None
    return number if number is not None and -(2**63) <= number < 2**63 else None


def checked_names(names: Iterable[Any], option: str = "classes") -> tuple[str, ...]:
    """Names as text, in their order; an error where one is there twice.

    Whole floats lose their ``.0``, for a column of floats is what makes names of theirs. Of a
    mapping from name to place, or from place to name, the places are the order.
    """
    found = tuple(
        key_of(name) if isinstance(name, float) else str(name)
        for name in names_in_order(names, option)
    )
    if not found:
        raise CallError(f"{option} is empty; expected the names of the classes (--classes)")
    seen: dict[str, str] = {}
    for name in found:
        key = key_of(name)
        if key in seen:
            other = "" if seen[key] == name else f" (as {seen[key]!r} and {name!r})"
            raise CallError(
                f"{option} names {name!r} twice{other}; expected distinct names (--classes)"
            )
        seen[key] = name
    return found


def places_of(names: Sequence[str]) -> dict[str, int]:
    """The index of each class by its key.

    >>> places_of(["cat", "2.0"])
    {'cat': 0, '2': 1}
    """
    return {key_of(name): index for index, name in enumerate(names)}


def repeated(names: Iterable[Any]) -> Any:
    """The first name of a class that another one has too; None where none has.

    >>> repeated(["cat", "2.0", "dog", "2"]), repeated(["cat", "dog"])
    ('2.0', None)
    """
    names = list(names)
    counts = Counter(map(key_of, names))
    return next((name for name in names if counts[key_of(name)] > 1), None)


def same_names(some: Iterable[Any], others: Iterable[Any]) -> bool:
    """Whether two collections name the same classes, in any order."""
    return set(map(key_of, some)) == set(map(key_of, others))


def differences(found: Iterable[Any], wanted: Iterable[Any]) -> str:
    """How two sets of names differ, in words; empty if they don't.

    >>> differences(["cat", "2.0"], ["2", "dog"])
    "missing 'dog', additional 'cat'"
    """
    here = {key_of(name): name for name in found}
    there = {key_of(name): name for name in wanted}
    lacking = [name for key, name in there.items() if key not in here]
    additional = [name for key, name in here.items() if key not in there]
    parts = [f"missing {listed(lacking)}"] if lacking else []
    return ", ".join(parts + ([f"additional {listed(additional)}"] if additional else []))


def are_positions(names: Sequence[Any]) -> bool:
    """Whether names are but 0, 1, … in this order: what frames call columns without names.

    >>> are_positions([0, 1, 2]), are_positions([1, 0])
    (True, False)
    """
    return all(integer_of(name) == index for index, name in enumerate(names))


def no_and_yes(names: Sequence[Any]) -> tuple[int, int] | None:
    """Which of two classes means no and which yes; None where their names do not tell.

    Examples
    --------
    >>> no_and_yes(["yes", "no"]), no_and_yes(["False", "True"]), no_and_yes(["ham", "spam"])
    ((1, 0), (0, 1), None)
    """
    words = [key_of(name).lower() for name in names]
    for pair in NO_AND_YES:
        if sorted(words) == sorted(pair):
            return words.index(pair[0]), words.index(pair[1])
    return None


def two_names(found: Iterable[str], positive: Any = None) -> tuple[str, str]:
    """The names of two classes, the one that a single number a row speaks of last.

    Examples
    --------
    >>> two_names(["yes", "no"]), two_names(["ham", "spam"], "ham"), two_names(["no"])
    (('no', 'yes'), ('spam', 'ham'), ('no', 'yes'))
    """
    known = list(dict.fromkeys(found))
    if positive is not None:
        others = [name for name in known if key_of(name) != key_of(positive)]
        if len(others) > 1:
            none = "" if len(others) < len(known) else f", none of them {positive!r} (--positive),"
            raise CallError(
                f"the labels name {len(known)} classes, {listed(known)},{none} and the prediction "
                "is one number a row; expected two classes, the one that it speaks of among them"
            )
        other = others or words_beside(str(positive)) or [f"not {positive}"]
        return other[0], str(positive)
    pair = [*known, *words_beside(known[0])] if len(known) == 1 else known
    said = no_and_yes(pair) if len(pair) == 2 else None
    if said is None:
        example = known[-1] if known else "NAME"
        raise CallError(
            f"the labels are names, {listed(known)}, and the prediction is one number a row: the "
            f"probability of which class? Say positive={example!r} (--positive {example}), or both "
            "in order, the one that it speaks of last: classes=[…] (--classes A,B)"
        )
    return pair[said[0]], pair[said[1]]


def words_beside(word: str) -> list[str]:
    """The word that goes with one that means yes or no, in the same case."""
    for pair in NO_AND_YES:
        if word.lower() in pair:
            other = pair[1 - pair.index(word.lower())]
            return [other.upper() if word.isupper() else
                    other.capitalize() if word[:1].isupper() else other]  # fmt: skip
    return []


_WORDS = (
    "(?:probability|probabilities|probas|proba|probs|prob|log_?probs?|logits?|predicted|preds|pred"
    "|scores|score|confidence|pr|p|y)"
)
#: A class, counted, where it may stand in the name of a column.
_COUNTED = re.compile(
    rf"(?i)\.?(?:{_WORDS}[ _.:(=-]*)+(?:class[ _.=]*)?([01])(?:\.0)?\)?"
    rf"|(?:class[ _.=]*)?([01])[ _.-]+{_WORDS}"
)


def class_of_column(name: str, labels: Iterable[str], *, text: bool) -> str | None:
    """The class, of two, that the column of a single number a row is named after; None if of none.

    Examples
    --------
    >>> class_of_column("prob_no", ["no", "yes"], text=True)
    'no'
    >>> class_of_column("no_prob", ["no", "yes"], text=True)
    'no'
    >>> class_of_column("p0", "01", text=False)
    '0'
    >>> class_of_column("P(no)", ["0", "1"], text=False), class_of_column("prob", "01", text=False)
    ('0', None)
    """
    if text:
        found = [key for key in set(labels) if _stands_in(key, name)]
        return max(found, key=len) if found else None
    if name in ("0", "1"):
        return name
    counted = _COUNTED.fullmatch(name)
    if counted is not None:
        return counted[1] or counted[2]
    for no, yes in NO_AND_YES:
        if len(no) > 1 and (_stands_in(no, name.lower()) or _stands_in(yes, name.lower())):
            return "0" if _stands_in(no, name.lower()) else "1"
    return None


def _stands_in(key: str, name: str) -> bool:
    """Whether a name holds another as words of their own."""
    return re.search(rf"(?<![^\W_]){re.escape(key)}(?![^\W_])", name) is not None


def stem_of(names: Sequence[str]) -> tuple[str, str]:
    """What stands before and after the class in all of these names, up to where words begin.

    Examples
    --------
    >>> stem_of(["prob_class_1", "prob_class_10"]), stem_of(["P(cat)", "P(car)"])
    (('prob_class_', ''), ('P(', ')'))
    >>> stem_of(["p10", "p11"]), stem_of(["p_2.0", "p_1.0"]), stem_of(["cat", "car"])
    (('p', ''), ('p_', ''), ('', ''))
    """
    first, last = min(names), max(names)
    length = next((k for k, (a, b) in enumerate(zip(first, last, strict=False)) if a != b),
                  min(len(first), len(last)))  # fmt: skip
    while length and not all(_begins(name, length) for name in names):
        length -= 1
    prefix = first[:length]
    rests = [name[length:] for name in names]
    size = 0
    while (
        all(len(rest) > size + 1 for rest in rests)
        and len({rest[-size - 1] for rest in rests}) == 1
    ):
        size += 1
    while size and not all(_ends(rest, len(rest) - size) for rest in rests):
        size -= 1
    return prefix, rests[0][len(rests[0]) - size :]


def _begins(name: str, at: int) -> bool:
    """Whether a class may begin at a place: behind a mark, or where letters turn to digits."""
    if at >= len(name):
        return False
    before, after = name[at - 1], name[at]
    if not before.isalnum():
        # "-1" and "2.5" are one number each.
        return not (before in "-." and after.isdigit() and (at == 1 or name[at - 2].isdigit()))
    return (before.isalpha() and after.isdigit()) or (before.islower() and after.isupper())


def _ends(name: str, at: int) -> bool:
    """Whether a class may end before a place: at a mark that is no decimal point."""
    after = name[at]
    return at > 0 and not after.isalnum() and not (after == "." and name[at - 1].isdigit())


def without_stem(names: Sequence[str], stem: tuple[str, str] | None = None) -> tuple[str, ...]:
    """The names less what they have in common before and after the class.

    >>> without_stem(["P(cat)", "P(dog)"])
    ('cat', 'dog')
    """
    prefix, suffix = stem_of(names) if stem is None else stem
    return tuple(name.removeprefix(prefix).removesuffix(suffix) for name in names)


def as_r_writes(name: Any) -> str:
    """The name that R's ``make.names`` and ``data.frame`` turn a class into.

    >>> as_r_writes("class 1"), as_r_writes("3d"), as_r_writes("_a")
    ('class.1', 'X3d', 'X_a')
    """
    text = re.sub(r"[^0-9A-Za-z._]", ".", str(name))
    plain = re.match(r"[A-Za-z]|\.(?![0-9])", text)
    return text if plain else f"X{text}"


def listed(names: Iterable[Any], most: int = 10) -> str:
    """Names for a message, the first few of very many.

    >>> listed(["a", "b", "c"], 2)
    "'a', 'b', … (3 in all)"
    """
    known = [str(name) for name in names]
    shown = ", ".join(repr(_short(name)) for name in known[:most])
    return f"{shown}, … ({len(known)} in all)" if len(known) > most else shown or "none"


def _short(name: str) -> str:
    return name if len(name) <= 60 else f"{name[:59]}…"
