"""Files in, files out: what the commands ``encode`` and ``decode`` do."""

from __future__ import annotations

import csv
import io
import math
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.coding import _container as box
from unsurprised.coding._container import KINDS, Envelope, container_in
from unsurprised.coding._symbols import Integers, Symbols, empty
from unsurprised.coding.adaptive import Adaptive
from unsurprised.coding.codec import Encoded, assembled, checked_share, decoded, encoded, verified
from unsurprised.coding.rows import RowsDecoder, RowsEncoder, first_row
from unsurprised.coding.static import Frequencies
from unsurprised.errors import STANDARD_INPUT, CallError, InputError, UnsurprisedError
from unsurprised.forms import Counts, DistributionForm, Labels, Logits, LogProbs, Probs
from unsurprised.measures import entropy
from unsurprised.sources import Options, Reading, open_predictions
from unsurprised.sources.files import binary
from unsurprised.sources.guard import guarded
from unsurprised.sources.numpy_arrays import Header
from unsurprised.sources.places import named_path, plain
from unsurprised.sources.stores.addresses import is_stored

_NPY = b"\x93NUMPY"
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
_FORMS: dict[str, type[Probs] | type[LogProbs]] = {"probs": Probs, "logprobs": LogProbs}
_MOST_TOKENS = 1 << 24
_MODELS = (
    "frequencies (its own), frequencies:OTHER_FILE, adaptive, adaptive:ORDER, distribution:FILE, "
    "predictions"
)


@dataclass(frozen=True)
class Restored:
    """What a file held: bytes as they were, or labels."""

    data: bytes | None
    container: Envelope
    #: Labels by index or by name, and their column.
    labels: NDArray[Any] | None = None
    column: str = "label"


def read(path: str) -> bytes:
    """The bytes of a file, or of standard input."""
    if path == STANDARD_INPUT and sys.stdin is None:
        raise InputError("cannot be read: it is closed").located(file=path)
    path = plain(path)
    if is_stored(path):
        with guarded(path, "bytes"), binary(path) as stream:
            return stream.read()
    try:
        return sys.stdin.buffer.read() if path == STANDARD_INPUT else Path(path).read_bytes()
    except (OSError, ValueError) as error:
        raise InputError(f"cannot be read: {getattr(error, 'strerror', None) or error}").located(
            file=path
        ) from None


def encode_file(
    path: str, model: str, epsilon: float, *, tokens: bool, options: Options
) -> Encoded:
    """Encode a file's bytes, or its tokens."""
    source = symbols_in(path, tokens=tokens)
    given = model_in(model, tokens=tokens, options=options)
    try:
        coded = encoded(source, given, epsilon)
    except InputError as error:
        raise error.located(file=path) from None
    return assembled(source, coded)


def decode_file(path: str, model: str | None, options: Options) -> Restored:
    """What was encoded; verified before any of it is handed out."""
    try:
        container = container_in(read(path))
        name, _, detail = (model or "").partition(":")
        if container.method == box.ROWS:
            if name != "predictions" or not detail:
                raise CallError(
                    "labels were encoded under predictions, which it does not hold; say where they "
                    "are: --model predictions:FILE"
                )
            return decode_predictions(
                container, open_predictions(detail, replace(options, labelled=False))
            )
        if name == "predictions":
            raise CallError("was not encoded under predictions; leave --model predictions: out")
        given = None
        if container.method == box.GIVEN:
            if model is None:
                raise CallError(
                    "was encoded by a given distribution, which it does not hold; say it again: "
                    "--model frequencies:FILE or distribution:FILE"
                )
            given = model_in(model, tokens=container.kind > 0, options=options)
        elif model is not None:
            raise CallError("holds its model; leave --model out")
        values = verified(container, decoded(container, given))
    except InputError:
        raise
    except UnsurprisedError as error:
        raise type(error)(f"{path}: {error}") from None
    return Restored(container.prefix + _plain(values, container.kind), container)


def symbols_in(path: str, *, tokens: bool) -> Symbols:
    """The symbols of a file: its bytes, or the integers of an npy file."""
    data = read(path)
    return _tokens(data, path) if tokens else Symbols.of(data)


def holds_tokens(path: str) -> bool:
    """Whether a file seems to be an array of integers."""
    if path == STANDARD_INPUT:
        return False
    path = plain(path)
    try:
        if is_stored(path):
            with binary(path) as stream:
                return Header.read(stream).dtype.kind in "iu"
        return np.load(path, mmap_mode="r", allow_pickle=False).dtype.kind in "iu"
    except (OSError, ValueError, EOFError, AttributeError):
        return False


def model_in(spec: str, *, tokens: bool, options: Options) -> Any:
    """The model that ``--model`` names."""
    name, _, detail = spec.partition(":")
    if name == "frequencies":
        return _frequencies_of(detail, tokens=tokens) if detail else Frequencies()
    if name == "adaptive":
        if detail and not (detail.isascii() and detail.isdigit()):
            raise CallError(f"--model {spec}: expected adaptive:ORDER, a whole number")
        return Adaptive(int(detail)) if detail else Adaptive()
    if name == "distribution" and detail:
        return _distribution_in(detail, options)
    raise CallError(f"--model {spec}: expected one of {_MODELS}")


def encode_predictions(reading: Reading, epsilon: float) -> Encoded:
    """Encode the labels of a source, each under its row."""
    encoder = RowsEncoder(reading.class_count, checked_share(epsilon), reading.classes)
    labels: list[NDArray[np.int64]] = []
    for split in reading.plan():
        for batch in reading.batches(split):
            if batch.model is None or not isinstance(batch.truth, Labels):
                raise CallError(
                    "only labels under rows of predictions can be encoded; a log-probability "
                    "alone, or a distribution as truth, is no symbol"
                )
            indices = batch.truth.indices()
            try:
                encoder.add(batch.model, indices)
            except InputError as error:
                row = batch.first_row + first_row(error)
                raise error.located(file=batch.file, row=row) from None
            labels.append(indices)
    values = np.concatenate(labels) if labels else np.empty(0, dtype=np.int64)
    how = "n" if reading.has_named_labels else "i"
    prefix = f"{how}{reading.label}".encode()
    kind = KINDS.index("<i8")
    made = assembled(Symbols(values, kind, values.shape, prefix), encoder.finish())
    # How long the labels were in their file, among its other columns, nobody can say.
    return replace(made, account=replace(made.account, input=0))


def decode_predictions(container: Envelope, reading: Reading) -> Restored:
    """The labels that were encoded under the same predictions."""
    out = empty(container.kind, container.symbols)
    decoder = RowsDecoder(container.words, reading.class_count, container.parameters)
    at = 0
    for split in reading.plan():
        for batch in reading.batches(split):
            assert isinstance(batch.model, DistributionForm)
            try:
                for part in decoder.add(batch.model):
                    at = _place(part, out, at)
            except InputError as error:
                row = batch.first_row + first_row(error)
                raise error.located(file=batch.file, row=row) from None
    for part in decoder.finish(container.identity):
        at = _place(part, out, at)
    values = verified(container, out)
    how, column = container.prefix[:1], container.prefix[1:].decode(errors="replace") or "label"
    if how == b"n" and reading.classes is not None:
        values = np.array(reading.classes)[values]
    return Restored(None, container, values, column)


def labels_as(restored: Restored, target: str) -> bytes:
    """Labels in the format that the target's ending names: npy, Parquet, or text with a header."""
    assert restored.labels is not None
    out = io.BytesIO()
    suffix = named_path(target).suffix.lower()
    if suffix == ".npy":
        np.save(out, restored.labels, allow_pickle=False)
    elif suffix == ".parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        pq.write_table(pa.table({restored.column: pa.array(restored.labels.tolist())}), out)
    else:
        text = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow([restored.column])
        writer.writerows([label] for label in restored.labels.tolist())
        text.detach()
    return out.getvalue()


def _place(part: NDArray[Any], out: Integers, at: int) -> int:
    # More rows than labels are other predictions: said at their end, by their identity.
    room = out[at : at + len(part)]
    room[:] = part[: len(room)]
    return at + len(part)


def _frequencies_of(path: str, *, tokens: bool) -> Counts:
    """How often each symbol occurs in another file."""
    values = symbols_in(path, tokens=tokens).values
    if not len(values):
        raise InputError("holds no symbol", expected="at least one").located(file=path)
    if tokens and (values.min() < 0 or values.max() >= _MOST_TOKENS):
        raise InputError(
            f"found the tokens {values.min()} to {values.max()}",
            expected=f"0 to {_MOST_TOKENS - 1}",
        ).located(file=path)
    return Counts(np.bincount(values, minlength=1 if tokens else 256))


def _distribution_in(path: str, options: Options) -> DistributionForm:
    """Numbers in an npy or text file: counts if they are whole, else what ``--kind`` says."""
    data = read(path)
    try:
        if data.startswith(_NPY):
            values = np.load(io.BytesIO(data), allow_pickle=False)
        else:
            words = data.decode("utf-8-sig").replace(",", " ").strip("[] \t\r\n").split()
            values = np.array([float(word) for word in words])
    except (ValueError, EOFError) as error:
        raise InputError(
            f"cannot be read as a distribution ({error})",
            expected="an npy file of one dimension, or numbers with commas or blanks between them",
        ).located(file=path) from None
    if values.ndim != 1 or not len(values):
        raise InputError(
            f"holds numbers of shape {values.shape}", expected="one number for each symbol"
        ).located(file=path)
    kind = options.kind or ("counts" if _are_counts(values) else "probs")
    form: DistributionForm
    if kind == "counts":
        form = Counts(values)
    elif kind == "logits":
        form = Logits(values)
    else:
        form = _FORMS[kind](values, normalize=options.normalize, tolerance=options.tolerance)
    try:
        entropy(form)  # its checks are wanted
    except InputError as error:
        raise error.located(file=path) from None
    return form


def _are_counts(values: NDArray[Any]) -> bool:
    if values.dtype.kind in "iu":
        return True
    return values.dtype.kind == "f" and bool((values == np.rint(values)).all()) and values.sum() > 1


def _tokens(data: bytes, path: str) -> Symbols:
    """The integers of an npy file, and what stands before them."""
    stream = io.BytesIO(data)
    try:
        version = np.lib.format.read_magic(stream)
        header = _HEADERS[version]
        shape, _, dtype = header(stream)
    except (ValueError, KeyError) as error:
        raise InputError(
            f"cannot be read as an npy file ({error})",
            expected="an array of integers, written by numpy.save",
        ).located(file=path) from None
    if dtype.str not in KINDS:
        raise InputError(
            f"holds {dtype}",
            expected="integers (little-endian)",
            remedy="encode its bytes: --symbols bytes",
        ).located(file=path)
    start, size = stream.tell(), math.prod(shape) * dtype.itemsize
    if len(data) - start != size:
        raise InputError(
            f"holds {len(data) - start:,} bytes of numbers", expected=f"{size:,}, as it states"
        ).located(file=path)
    values = np.frombuffer(data, dtype=dtype, offset=start)
    return Symbols(values, KINDS.index(dtype.str), values.shape, data[:start])


def _plain(values: Integers, kind: int) -> bytes:
    return values.tobytes() if kind == 0 else values.astype(KINDS[kind], copy=False).tobytes()
