"""Files that are none of the formats: what they are, and the line that writes one that is."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath

from unsurprised.errors import InputError, Place
from unsurprised.sources.files import path_or_bytes
from unsurprised.sources.standard_input import name_of


@dataclass(frozen=True, slots=True)
class Stranger:
    """A kind of file that cannot be read here; ``{0}`` in the remedy stands for the file."""

    name: str
    remedy: str | None = None

    def error(self, file: str, named: str | None) -> InputError:
        """The error for a file; ``named`` is the format that its name states."""
        found = f"named like {named}, but seems to be {self.name}" if named else f"is {self.name}"
        return InputError(
            found,
            expected=None if named else "a format that can be read here",
            remedy=(self.remedy or "name the file after its format").format(repr(file)),
            place=Place(file),
        )


def _python(code: str) -> str:
    return f'write its rows: python -c "{code}"'


def _pandas(call: str) -> str:
    return _python(f"import pandas; pandas.{call}.to_parquet('rows.parquet')")


_ARRAYS = "np.savez('rows.npz', label=…, probs=…)"
_TORCH = Stranger(
    "a PyTorch file",
    _python(
        "import numpy as np, torch; t = torch.load({0}, map_location='cpu'); "
        "t = t if isinstance(t, dict) else dict(probs=t); "
        "np.savez('rows.npz', **{{k: v.numpy() for k, v in t.items()}})"
    ),
)
_PICKLE = Stranger(
    "a Python pickle",
    f"which is never loaded here; load it where it is trusted and save its arrays: {_ARRAYS}",
)
_JOBLIB = Stranger(
    "a joblib file",
    f"which is never loaded here; joblib.load({{0}}) where it is trusted, and save: {_ARRAYS}",
)

#: How files begin.
_MAGIC = {
    b"UNSP": Stranger(
        "a state of unsurprised",
        "it holds what was found of rows, and none of them: unsurprised merge {0}, or "
        "check or calibrate with --plan PLAN beside it",
    ),
    b"PARE": Stranger("an encrypted Parquet file"),
    b"FEA1": Stranger("a Feather file of version 1, which has been given up"),
    b"\x1f\x8b": Stranger("gzip-compressed data", "name it .csv.gz or .jsonl.gz, or unpack it"),
    b"\x28\xb5\x2f\xfd": Stranger(
        "zstd-compressed data", "name it .csv.zst or .jsonl.zst, or unpack it"
    ),
    b"BZh": Stranger("bzip2-compressed data", "unpack it: bunzip2 {0}"),
    b"\xfd7zXZ": Stranger("xz-compressed data", "unpack it: unxz {0}"),
    b"\x89HDF": Stranger(
        "an HDF5 file",
        _python(
            "import h5py, numpy as np; "
            "np.savez('rows.npz', **{{k: v[()] for k, v in h5py.File({0}).items()}})"
        ),
    ),
    b"MATLAB 5.0": Stranger(
        "a MATLAB file",
        _python(
            "import numpy as np, scipy.io as s; d = s.loadmat({0}, squeeze_me=True); "
            "np.savez('rows.npz', **{{k: v for k, v in d.items() if k[0] != '_'}})"
        ),
    ),
    b"ORC": Stranger(
        "an ORC file",
        _python(
            "import pyarrow.orc as o, pyarrow.parquet as p; "
            "p.write_table(o.read_table({0}), 'rows.parquet')"
        ),
    ),
    b"SQLite format 3": Stranger(
        "an SQLite database",
        _python(
            "import pandas, sqlite3; pandas.read_sql('SELECT * FROM rows', "
            "sqlite3.connect({0})).to_parquet('rows.parquet')"
        )
        + ", with the table's name for rows",
    ),
    b"Obj\x01": Stranger(
        "an Avro file",
        _python("import polars; polars.read_avro({0}).write_parquet('rows.parquet')"),
    ),
    b"\x80": _PICKLE,
    b"_logits_": Stranger(
        "llama.cpp's file of log-probabilities (--kl-divergence-base), rounded to 16 bits",
        f"write the model's own as an array: {_ARRAYS}".replace("probs", "logprobs"),
    ),
    b"GGUF": Stranger("a model's weights (GGUF)", f"write its predictions: {_ARRAYS}"),
    b"%PDF": Stranger("a PDF"),
    b"<!": Stranger("HTML"),
    b"<html": Stranger("HTML"),
    b"<?xml": Stranger("XML"),
    b"\xff\xfe": Stranger("UTF-16 text", "iconv -f UTF-16 -t UTF-8 {0} > rows.csv"),
    b"\xfe\xff": Stranger("UTF-16 text", "iconv -f UTF-16 -t UTF-8 {0} > rows.csv"),
    b"version https://git-lfs": Stranger(
        "a Git LFS pointer instead of the file itself", "git lfs pull"
    ),
}

#: Of these, what begins as text does.
_TEXTUAL = (b"<", b"%PDF", b"MATLAB", b"version https://")

_SAFETENSORS = Stranger(
    "a safetensors file",
    _python("import numpy as np, safetensors.numpy as s; np.savez('rows.npz', **s.load_file({0}))"),
)
_DUCKDB = Stranger(
    "a DuckDB database",
    _python("import duckdb; duckdb.connect({0}).sql('FROM rows').write_parquet('rows.parquet')")
    + ", with the table's name for rows",
)

#: Names of files that begin as others do, or are compressed.
_SUFFIXES = {
    ".rds": Stranger(
        "an R object",
        "write its rows: Rscript -e \"arrow::write_parquet(readRDS({0}), 'rows.parquet')\"",
    ),
    **dict.fromkeys(
        (".rda", ".rdata"),
        Stranger(
            "R's objects",
            'write its rows: Rscript -e "e <- new.env(); '
            "arrow::write_parquet(get(load({0}, e)[1], e), 'rows.parquet')\"",
        ),
    ),
    ".joblib": _JOBLIB,
    **dict.fromkeys((".pt", ".pth"), _TORCH),
    ".dta": Stranger("a Stata file", _pandas("read_stata({0})")),
    ".sas7bdat": Stranger("a SAS file", _pandas("read_sas({0})")),
    ".sav": Stranger("an SPSS file", _pandas("read_spss({0})")),
}

#: Members of zip archives that tell whose they are.
_MEMBERS: tuple[tuple[Callable[[str], bool], Stranger], ...] = (
    (lambda name: name.endswith("/data.pkl"), _TORCH),
    (lambda name: name == "xl/workbook.xml", Stranger("a workbook", _pandas("read_excel({0})"))),
    (
        lambda name: name == "model.weights.h5",
        Stranger(
            "a Keras model, not its predictions",
            "write those: np.savez('rows.npz', label=y, "
            "probs=keras.models.load_model({0}).predict(x))",
        ),
    ),
    (
        lambda name: os.path.basename(name) in (".zarray", ".zgroup", "zarr.json"),  # noqa: PTH119
        Stranger(
            "a Zarr store",
            _python(
                "import zarr, numpy as np; "
                "np.savez('rows.npz', **{{k: v[:] for k, v in zarr.open_group({0}).arrays()}})"
            ),
        ),
    ),
)


def stranger(file: str, head: bytes) -> Stranger | None:
    """What a file is that is none of the formats, by its first bytes and its name."""
    if head[8:9] == b"{" and head[4:8] == bytes(4) and head[:4] != bytes(4):
        return _SAFETENSORS
    if head[8:12] == b"DUCK":
        return _DUCKDB
    named = _SUFFIXES.get(PurePath(name_of(file)).suffix.lower())
    if named is not None and head:
        return named
    text = _is_text(head)
    for magic, found in _MAGIC.items():
        # A CSV file may begin with a column that is called PARENT or ORCHID.
        if head.startswith(magic) and (not text or magic.startswith(_TEXTUAL)):
            return found
    return None


def _is_text(head: bytes) -> bool:
    try:
        text = head[: max(len(head) - 3, 1)].decode("utf-8")  # the last character may be cut
    except UnicodeDecodeError:
        return False
    return all(sign.isprintable() or sign.isspace() for sign in text)


def stranger_in_archive(file: str) -> Stranger | None:
    """What a zip archive is that is no npz; ``None`` for npz, and for one that is damaged."""
    try:
        with zipfile.ZipFile(path_or_bytes(file)) as archive:
            names = archive.namelist()
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError):
        return None
    for tells, found in _MEMBERS:
        if any(map(tells, names)):
            return found
    others = [name for name in names if not name.endswith(".npy")]
    if not others or len(others) < len(names):
        return None
    told = others[0] if len(others) == 1 else f"{len(others)} files, such as {others[0]!r}"
    return Stranger(f"a zip archive of {told}", "unpack it: python -m zipfile -e {0} .")
