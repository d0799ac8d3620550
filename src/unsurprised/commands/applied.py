"""What ``calibrate --out`` and ``apply`` write: a source's rows with calibrated predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from unsurprised.addresses import scheme_of
from unsurprised.commands.planned import read_bytes

if TYPE_CHECKING:
    from unsurprised.calibrators import Calibrator
    from unsurprised.sources import Reading
    from unsurprised.writing import Target


def calibrator_of(name: str) -> Calibrator:
    """A saved calibrator, of a disk or of a store."""
    from unsurprised.calibrators.saved import from_json, load
    from unsurprised.errors import InputError, StateError

    if scheme_of(name) is None:
        return load(name)
    try:
        return from_json(read_bytes(name).decode())
    except InputError:
        raise
    except (StateError, UnicodeDecodeError) as error:
        reason = "is no text" if isinstance(error, UnicodeDecodeError) else str(error)
        raise StateError(f"{name}: {reason}") from None


def refuse_unwritable(out: str) -> None:
    """Raises unless the ending of ``out`` names a format that can be written."""
    from unsurprised.errors import CallError
    from unsurprised.writers import check_format
    from unsurprised.writing import STANDARD_OUTPUT

    if out == STANDARD_OUTPUT:
        raise CallError("--out -: predictions go to a file; name one, such as calibrated.parquet")
    check_format(out)


def write_applied(
    calibrator: Calibrator,
    reading: Reading,
    out: Target,
    kind: str | None = None,
    *,
    quiet: bool = False,
) -> int:
    """Write a source's rows with calibrated predictions; how many they were."""
    from unsurprised.calibration.apply import apply_reading
    from unsurprised.commands.reading import row_progress

    with out.file() as path, row_progress(reading, quiet=quiet) as progress:
        return apply_reading(calibrator, reading, path, out.name, kind=kind, progress=progress)
