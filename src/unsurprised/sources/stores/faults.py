"""What a store says, in our words: its own may quote keys, signatures and whole documents."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager

from unsurprised.errors import InputError, Place, UnsurprisedError
from unsurprised.sources.stores.addresses import Address, credentials_of, is_stored

#: How messages of pyarrow's file systems read, by whom a reader of a format is passed through.
_OF_A_STORE = re.compile(
    r"AWS Error (?P<aws>[A-Z0-9_]+)|google::cloud|Google cloud|GetObject|Azure|HTTP status|"
    r"curlCode|Unexpected end of stream"
)
_STATUS = re.compile(r"(?:HTTP status|HTTP|status(?:_code)?)[ :=]*(?P<status>[1-5][0-9]{2})\b")
_REFUSED = re.compile(
    r"ACCESS_DENIED|INVALID_ACCESS_KEY|SIGNATURE|TOKEN|UNAUTHORIZED|Forbidden|"
    r"credential|Credential|PERMISSION|NoCredentials|Permission|(?:status|HTTP)[ :=]*40[13]\b|"
    r"Unauthorized|Anonymous"
)
_AWAY = re.compile(r"curlCode|NETWORK_CONNECTION|resolve|onnect|imeout|TIMEOUT|imed out")
_BUSY = re.compile(
    r"SLOW_DOWN|SERVICE_UNAVAILABLE|INTERNAL_FAILURE|THROTTL|REQUEST_TIMEOUT|"
    r"(?:HTTP status|HTTP|status(?:_code)?)[ :=]*50[0-9]"
)


#: What else tells where a store is.
_ENDPOINT = dict.fromkeys(
    ("s3", "gs", "gcs"), ", or name the endpoint: ?endpoint_override=HOST:PORT&scheme=http"
)
_MISSING = "no such object, or no such bucket"


@contextmanager
def telling_of_stores(file: str | None) -> Iterator[None]:
    """Tell what a store has said to a reader of a format from what that says of the bytes."""
    try:
        yield
    except OSError as error:
        if not is_stored(file):
            raise
        if isinstance(error, FileNotFoundError):
            raise missing(file) from None
        if _OF_A_STORE.search(str(error)) is None:
            raise
        raise _fault(file, error) from None


@contextmanager
def asking(file: str) -> Iterator[None]:
    """Turn whatever goes wrong between us and a store into one line, without its own words."""
    try:
        yield
    except UnsurprisedError:
        raise
    except (FileNotFoundError, IsADirectoryError):
        raise missing(file) from None
    except (KeyboardInterrupt, SystemExit, GeneratorExit, MemoryError):
        raise
    except Exception as error:  # fsspec's file systems raise whatever their libraries do
        raise _fault(file, error) from None


def missing(file: str) -> InputError:
    """The error for an object that is not there."""
    return InputError(
        _MISSING,
        remedy="list what there is, and name it as it is spelled there",
        place=Place(file),
    )


def is_busy(error: OSError) -> bool:
    """Whether a store has answered that it does not answer now."""
    return _BUSY.search(str(error)) is not None


def may_pass(error: OSError) -> bool:
    """Whether what a store did not answer it may answer another time."""
    text = str(error)
    refused = isinstance(error, FileNotFoundError | PermissionError) or _REFUSED.search(text)
    return not refused and (is_busy(error) or _AWAY.search(text) is not None)


def unreachable(file: str, told: str) -> InputError:
    """The error for a store that does not answer."""
    return InputError(
        f"the store cannot be reached ({told})",
        remedy="check the network and the address" + _ENDPOINT.get(Address.of(file).scheme, ""),
        place=Place(file),
    )


def is_missing(error: InputError) -> bool:
    """Whether an error says that an object is not there."""
    return error.found == _MISSING


def _fault(file: str, error: BaseException) -> InputError:
    text, scheme = str(error), Address.of(file).scheme
    if "Not a regular file" in text:  # of a folder, in stores that have some
        return missing(file)
    aws, status = re.search(r"AWS Error ([A-Z0-9_]+)", text), _STATUS.search(text)
    told = aws[1] if aws else f"HTTP {status['status']}" if status else type(error).__name__
    number = getattr(error, "errno", None)
    if not aws and not status and isinstance(number, int) and number in errno.errorcode:
        told = errno.errorcode[number]
    if _REFUSED.search(text) or isinstance(error, PermissionError):
        return InputError(
            f"the store refuses it ({told})",
            expected=f"credentials that may read it: {credentials_of(scheme)}",
            remedy="for what everybody may read: ?anonymous=true behind the address",
            place=Place(file),
        )
    if _BUSY.search(text):
        return InputError(
            f"the store did not answer in the end ({told}), after several tries",
            remedy="try again later, or with fewer threads (UNSURPRISED_NUM_THREADS)",
            place=Place(file),
        )
    if _AWAY.search(text):
        return unreachable(file, told)
    return InputError(
        f"the store failed ({told})",
        remedy="try again, or copy the file here and name the copy",
        place=Place(file),
    )
