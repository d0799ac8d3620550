"""A calibrator as JSON: parameters, class names and where it comes from; no code, no pickle."""

from __future__ import annotations

import hashlib
import json
import os
from typing import Any

import numpy as np

from unsurprised.calibrators import chain
from unsurprised.calibrators._base import Calibrator
from unsurprised.errors import CallError, StateError, UnsurprisedError

#: Name and version of the format; raised when a key changes its meaning or goes.
FORMAT, VERSION = "unsurprised.calibrator", 1
_MOST_BYTES = 1 << 30


def to_json(calibrator: Calibrator) -> str:
    """The calibrator as the text that :func:`load` reads; equal calibrators give equal text."""
    return json.dumps(as_plain(calibrator), indent=1, allow_nan=False) + "\n"


def as_plain(calibrator: Calibrator) -> dict[str, Any]:
    """What a calibrator's file holds, as dictionaries, lists, strings and numbers."""
    said = {"format": FORMAT, "version": VERSION, **_said(calibrator)}
    said["classes"] = calibrator.class_names
    said["class_count"] = len(calibrator.classes_)
    said["one_number"] = calibrator._one_number
    said["provenance"] = calibrator.provenance_
    said = _plain(said)
    return {**said, "sha256": _digest(said)}


def save(calibrator: Calibrator, path: str | os.PathLike[str], *, overwrite: bool = False) -> None:
    """Write the calibrator; a file appears whole or not at all."""
    from unsurprised.report.output import anything, checked_target, nothing, write_bytes

    text = to_json(calibrator)
    target = checked_target(
        os.fspath(path), option="save", replaceable=anything if overwrite else nothing
    )
    write_bytes(text.encode(), target, "save")


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
        if os.path.getsize(path) > _MOST_BYTES:
            raise StateError("is no calibrator: it is larger than 1 GiB")
        with open(path, encoding="utf-8") as stream:
            text = stream.read()
        return from_json(text)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise StateError(f"{name}: cannot be read as a calibrator: {reason}") from None
    except UnsurprisedError as error:
        raise StateError(f"{name}: {error}") from None


def from_json(text: str) -> Calibrator:
    """The calibrator that :func:`to_json` wrote."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise StateError(f"is no calibrator, or was cut: it is no JSON ({error})") from None
    if not isinstance(said, dict) or said.get("format") != FORMAT:
        raise StateError(
            f'is no calibrator: expected JSON with "format": "{FORMAT}", as --save writes it'
        )
    if said.get("version") != VERSION:
        raise StateError(
            f"has format version {said.get('version')!r}, and this version of unsurprised reads "
            f"{VERSION}; install the version that wrote it, or fit again"
        )
    digest = said.pop("sha256", None)
    if digest != _digest(said):
        raise StateError(
            "was altered or cut since it was saved: its sha256 does not fit; fit again"
        )
    try:
        return _restored(said)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, UnsurprisedError):
            raise
        raise StateError(f"holds no calibrator that can be used ({error})") from None


def _said(calibrator: Calibrator) -> dict[str, Any]:
    if isinstance(calibrator, chain.Chain):
        return {"kind": "Chain", "steps": [_said(step) for step in calibrator.steps]}
    return {
        "kind": type(calibrator).__name__,
        "settings": calibrator.get_params(),
        "parameters": calibrator.parameters_,
    }


def _restored(said: dict[str, Any]) -> Calibrator:
    width = int(said["class_count"])
    names = None if said["classes"] is None else tuple(map(str, said["classes"]))
    if width < 2 or (names is not None and len(names) != width):
        raise StateError("names another number of classes than it has parameters for")
    calibrator = _made(said)
    for one in [calibrator, *getattr(calibrator, "steps", [])]:
        one._names, one._width, one._one_number = names, width, bool(said["one_number"])
        one.notes_, one.provenance_ = (), dict(said["provenance"])
    uniform = np.full((2, width), -np.log(width))
    if not np.isfinite(calibrator.map_rows(uniform)).all():
        raise StateError("has parameters that are no numbers")
    return calibrator


def _made(said: dict[str, Any]) -> Calibrator:
    from unsurprised import calibrators

    kinds = {kind.__name__: kind for kind in calibrators.KINDS}
    if said["kind"] == "Chain":
        made: Calibrator = chain.Chain([_made(step) for step in said["steps"]])
        made.parameters_ = {}
        return made
    if said["kind"] not in kinds:
        raise StateError(f"is a {said['kind']!r}; expected one of {', '.join(kinds)}")
    made = kinds[said["kind"]](**said["settings"])
    made.parameters_ = {
        name: [_numbers(one) for one in value] if name in ("knots", "values") else _numbers(value)
        for name, value in said["parameters"].items()
    }
    return made


def _numbers(value: Any) -> Any:
    return np.vectorize(_number, otypes=[np.float64])(np.asarray(value, dtype=object))


def _number(value: Any) -> float:
    if value in ("inf", "-inf"):
        return float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise StateError(f"holds {value!r} where a number is expected")
    return float(value)


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
