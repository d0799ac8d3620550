"""A calibrator as JSON: parameters, class names and where it comes from; no code, no pickle."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from unsurprised.arrays.containers import taken_apart
from unsurprised.calibrators import chain
from unsurprised.calibrators._base import Calibrator
from unsurprised.errors import CallError, StateError, UnsurprisedError, shortened
from unsurprised.forms import DistributionForm

#: Name and version of the format; raised when a key changes its meaning or goes.
FORMAT, VERSION = "unsurprised.calibrator", 1
_MOST_BYTES = 1 << 30
#: Classes of a file at most (a temperature is as short for a billion of them as for two), and rows
#: that it was fitted on.
_MOST_CLASSES, _MOST_ROWS = 1 << 24, (1 << 63) - 1
#: Characters of what a message cites of a file.
_MOST_TOLD = 60
#: Digits of a whole number; floats are written with their exponent.
_MOST_DIGITS = 400


def to_json(calibrator: Calibrator) -> str:
    """The calibrator as the text that :func:`load` reads; equal calibrators give equal text."""
    return json.dumps(as_plain(calibrator), indent=1, allow_nan=False) + "\n"


def as_plain(calibrator: Calibrator) -> dict[str, Any]:
    """What a calibrator's file holds, as dictionaries, lists, strings and numbers."""
    said = {"format": FORMAT, "version": VERSION, **_said(calibrator)}
    said["classes"] = calibrator.class_names
    said["class_count"] = len(calibrator.classes_)
    said["one_number"] = calibrator._one_number
    if calibrator._spoken_of != 1:
        said["spoken_of"] = calibrator._spoken_of
    said["provenance"] = calibrator.provenance_
    said = _plain(said)
    return {**said, "sha256": _digest(said)}


def save(calibrator: Calibrator, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Write the calibrator; a file appears whole or not at all."""
    from unsurprised.writing import anything, nothing, write_file

    text = to_json(calibrator)
    write_file(text.encode(), os.fspath(path), "save", anything if overwrite else nothing)


def load(path: str | os.PathLike[str]) -> Calibrator:
    """The calibrator that a file holds.

    Parameters
    ----------
    path : path
        What :meth:`Calibrator.save` or ``unsurprised calibrate --save`` wrote.

    Raises
    ------
    StateError
        A file that is no calibrator, was altered or cut, or was written by a newer version.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from unsurprised.calibrators import TemperatureScaling
    >>> fitted = TemperatureScaling().fit([0.9, 0.9, 0.2, 0.4], [1, 0, 0, 1])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder) / "calibrator.json"
    ...     fitted.save(file)
    ...     load(file).temperature_ == fitted.temperature_
    True
    """
    name = os.fspath(path)
    try:
        if Path(path).stat().st_size > _MOST_BYTES:
            raise StateError("is no calibrator: it is larger than 1 GiB")
        return from_json(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise StateError(f"{name}: cannot be read as a calibrator: {reason}") from None
    except UnsurprisedError as error:
        raise StateError(f"{name}: {error}") from None


def from_json(text: str) -> Calibrator:
    """The calibrator that :meth:`Calibrator.to_json` wrote."""
    try:
        said = json.loads(
            text,
            parse_int=_integer,
            parse_float=_no_infinity,
            parse_constant=_no_constant,
            object_pairs_hook=_once_each,
        )
    except (ValueError, RecursionError) as error:
        if isinstance(error, UnsurprisedError):
            raise
        reason = shortened(str(error), 2 * _MOST_TOLD)
        raise StateError(f"is no calibrator, or was cut: it is no JSON ({reason})") from None
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        raise StateError(
            f'is no calibrator: expected JSON with "format": "{FORMAT}", as --save writes it'
        )
    version = said.get("version")
    if type(version) is not int or version != VERSION:
        raise StateError(
            f"has format version {_told(version)}, and this version of unsurprised reads "
            f"{VERSION}; install the version that wrote it, or fit again"
        )
    digest = said.pop("sha256", None)
    if digest != _digest(said):
        raise StateError(
            "was altered or cut since it was saved: its sha256 does not fit; fit again"
        )
    try:
        return _restored(said)
    except _NONSENSE as error:
        if isinstance(error, StateError):
            raise
        reason = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise StateError(
            f"holds no calibrator that can be used ({shortened(reason, 2 * _MOST_TOLD)})"
        ) from None


_NONSENSE = (
    AttributeError,
    KeyError,
    MemoryError,
    OverflowError,
    RecursionError,
    TypeError,
    ValueError,
)


def _told(value: Any) -> str:
    return shortened(repr(value), _MOST_TOLD)


def _integer(text: str) -> int:
    if len(text) > _MOST_DIGITS:
        raise StateError(f"holds a number of {len(text):,} digits; expected ordinary ones")
    return int(text)


def _no_constant(name: str) -> Any:
    raise StateError(f"holds {name}, which is no number of JSON")


def _no_infinity(text: str) -> float:
    number = float(text)
    if np.isinf(number):
        raise StateError(f"holds {shortened(text, 40)}, which no float can hold")
    return number


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    said = dict(pairs)
    if len(said) < len(pairs):
        raise StateError("is no calibrator: it says something twice")
    return said


def _said(calibrator: Calibrator) -> dict[str, Any]:
    if isinstance(calibrator, chain.Chain):
        return {"kind": "Chain", "steps": [_said(step) for step in calibrator.steps]}
    return {
        "kind": type(calibrator).__name__,
        "settings": {name: _by_name(held) for name, held in calibrator.get_params().items()},
        "parameters": calibrator.parameters_,
    }


def _by_name(value: Any) -> Any:
    """What has names as a dictionary by them."""
    if isinstance(value, DistributionForm):
        names, numbers = value.names, value.array.as_float64()
    else:
        parts = taken_apart(value, "a setting")
        if parts is None:
            return value
        names, numbers = parts.columns, parts.values
    return numbers if names is None else dict(zip(names, numbers.tolist(), strict=True))


def _restored(said: dict[str, Any]) -> Calibrator:
    width, names = _classes(said["class_count"], said["classes"])
    one_number, provenance = said["one_number"], said["provenance"]
    if not isinstance(one_number, bool) or (one_number and width != 2):
        raise StateError("holds one_number where it cannot be")
    spoken_of = said.get("spoken_of", 1)
    if type(spoken_of) is not int or spoken_of not in ((0, 1) if width == 2 else (1,)):
        raise StateError(f"is of one number a row for class {_told(spoken_of)}; expected 0 or 1")
    _check_provenance(provenance)
    provenance = {key: _infinite_or_as_is(value) for key, value in provenance.items()}
    calibrator = _made(said, width)
    for one in [calibrator, *getattr(calibrator, "steps", [])]:
        one._names, one._width, one._one_number = names, width, one_number
        one._spoken_of, one.notes_, one.provenance_ = spoken_of, (), dict(provenance)
    return calibrator


def _check_provenance(said: Any) -> None:
    rows = said.get("rows") if isinstance(said, dict) else None
    if type(rows) is not int or not 0 <= rows <= _MOST_ROWS:
        raise StateError("does not say where it comes from: expected a number of rows")
    for name, value in said.items():
        if isinstance(value, int) and abs(value) > _MOST_ROWS:
            raise StateError(f"says {_told(name)} of where it comes from by too large a number")


def _classes(width: Any, names: Any) -> tuple[int, tuple[str, ...] | None]:
    if type(width) is not int or not 2 <= width <= _MOST_CLASSES:
        raise StateError(f"is for {_told(width)} classes; expected 2 to {_MOST_CLASSES:,}")
    if names is None:
        return width, None
    strings = isinstance(names, list) and all(isinstance(name, str) for name in names)
    if not strings or len(set(names)) != len(names):
        raise StateError("has class names that are no list of different texts")
    if len(names) != width:
        raise StateError(f"has {len(names)} class names for {width} classes")
    return width, tuple(names)


def _infinite_or_as_is(value: Any) -> Any:
    return float(value) if value in ("inf", "-inf") else value


def _made(said: dict[str, Any], width: int) -> Calibrator:
    from unsurprised import calibrators

    kinds = {kind.__name__: kind for kind in calibrators.KINDS}
    if said["kind"] == "Chain":
        if not said["steps"]:
            raise StateError("is a chain of nothing")
        made: Calibrator = chain.Chain([_made(step, width) for step in said["steps"]])
        made.parameters_ = {}
        return made
    if said["kind"] not in kinds:
        raise StateError(f"is a {_told(said['kind'])}; expected one of {', '.join(kinds)}")
    made = kinds[said["kind"]](**said["settings"])
    if made.two_classes_only and width != 2:
        raise StateError(f"is a {said['kind']} for {width} classes; it is for two only")
    if said["parameters"].keys() != made.holds.keys():
        raise StateError(f"has other parameters than a {said['kind']} has")
    made.parameters_ = {
        name: expected.checked(name, said["parameters"][name], width)
        for name, expected in made.holds.items()
    }
    curves = [held for held in made.parameters_.values() if isinstance(held, list)]
    if any(len(set(map(len, together))) > 1 for together in zip(*curves, strict=True)):
        raise StateError("holds a curve with more knots than values, or fewer")
    return made


def _plain(value: Any) -> Any:
    """Only dictionaries, lists, strings and numbers; infinities are the strings "inf", "-inf"."""
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, float) and not np.isfinite(value):
        if np.isnan(value):
            raise CallError("a calibrator with NaN among its parameters cannot be saved")
        return "inf" if value > 0 else "-inf"
    return value


def _digest(said: dict[str, Any]) -> str:
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
