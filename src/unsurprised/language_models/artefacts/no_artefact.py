"""Files that are no artefact, most of them pickles: what they are, and the line that converts."""

from __future__ import annotations

import zipfile

from unsurprised.errors import InputError, Place
from unsurprised.sources.files import binary, path_or_bytes
from unsurprised.sources.places import named_path
from unsurprised.sources.strangers import stranger

#: How pickles begin: of protocol 2 to 5, and of the textual one that NumPy's and PyTorch's are.
_PICKLES = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05", b"cnumpy", b"ctorch", b"ccopy_reg",
            b"(dp", b"(lp")  # fmt: skip
_OF_TORCH = (".pt", ".pth", ".bin")
_SUFFIXES = (*_OF_TORCH, ".pkl", ".pickle")
#: The number that PyTorch's files without an archive begin with.
_TORCH = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
_EXPECTED = (
    "npy, npz, safetensors, Parquet, Arrow, llama.cpp's kld, or a folder of npy or safetensors"
)


def is_pickle(head: bytes, file: str) -> bool:
    """Whether a file is a pickle by its first bytes, its name, or what its archive holds."""
    if head.startswith(_PICKLES) or named_path(file).suffix.lower() in _SUFFIXES:
        return True
    return head.startswith(b"PK\x03\x04") and any(name.endswith(".pkl") for name in _members(file))


def _members(file: str) -> list[str]:
    try:
        with zipfile.ZipFile(path_or_bytes(file)) as archive:
            return archive.namelist()
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError):
        return []


def pickle_error(file: str) -> InputError:
    """The error for a pickle, with the line that converts it."""
    path = named_path(file)
    made = f"{path.stem if path.suffix != '.safetensors' else 'converted'}.safetensors"
    code = (
        "import torch; from safetensors.torch import save_file; "
        f"t = torch.load({file!r}, weights_only=True); "
        f"save_file(t if isinstance(t, dict) else dict(logits=t), {made!r})"
    )
    if not _is_torch(file):
        saved = f"{path.stem}.npy"
        code = f"import numpy, pickle; numpy.save({saved!r}, pickle.load(open({file!r}, 'rb')))"
    return InputError(
        "found a pickle, which can run anything as it is loaded, and is never loaded",
        expected="safetensors, npy, npz or kld",
        remedy=f'where the file is trusted: python -c "{code}"',
        place=Place(file),
    )


def _is_torch(file: str) -> bool:
    """Whether a pickle is PyTorch's, by its archive, its name or its first bytes."""
    if named_path(file).suffix.lower() in _OF_TORCH or _members(file):
        return True
    with binary(file) as stream:
        return stream.read(len(_TORCH)) == _TORCH


def unknown_error(head: bytes, file: str) -> InputError:
    """The error for a file that begins like none that is read."""
    place = Place(file)
    if not head:
        return InputError("is empty", expected=_EXPECTED, place=place)
    if head.startswith(b"GGUF"):
        return InputError(
            "found a model's weights (GGUF)",
            expected="what the model says of a text",
            remedy=f"llama-perplexity -m {file} -f text.txt --kl-divergence-base base.kld",
            place=place,
        )
    known = stranger(file, head)
    what = f"found {known.name}" if known is not None else f"found the first bytes {head!r}"
    return InputError(what, expected=_EXPECTED, place=place)
