"""The file system behind an address: pyarrow's own, or one of fsspec.

Each finds its credentials by itself. It holds them from then on, and so it stays in this process:
what is planned, pickled or written down are addresses.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

import pyarrow.fs as pafs

from unsurprised.errors import InputError, Place
from unsurprised.sources.stores.addresses import Address
from unsurprised.sources.stores.faults import asking, is_busy, may_pass, unreachable
from unsurprised.sources.stores.reach import Host

T = TypeVar("T")

#: Tries of one request, with growing pauses between them: half a minute at most.
_TRIES = 5
_CONNECT_SECONDS, _REQUEST_SECONDS, _RETRY_SECONDS = 5, 60, 20

#: The first question has one try of so many seconds: whoever does not answer need not be there.
_FIRST_SECONDS = 3

#: A name that need not be there.
_ANY_NAME = "unsurprised"

#: What Azure's library reads of which credentials it looks for.
_AZURE_CREDENTIALS = "AZURE_TOKEN_CREDENTIALS"
_YES = ("true", "1", "yes")

_lock = threading.Lock()
_Key = tuple[object, ...]
_known: dict[_Key, pafs.FileSystem] = {}
#: Those that have answered before, and those of S3 that ask without patience until then.
_answered: set[_Key] = set()
_hasty: dict[_Key, pafs.FileSystem] = {}
#: What stores' own settings and credentials in the environment begin with.
_SETTINGS = ("AWS_", "GOOGLE_", "AZURE_", "CLOUD_", "STORAGE_")


def forget() -> None:
    """Make every file system anew."""
    _known.clear()
    _answered.clear()
    _hasty.clear()


def filesystem_of(address: Address) -> pafs.FileSystem:
    """The file system of an address's bucket, one in this process while its environment stays."""
    key = _key(address)
    with _lock:
        if key not in _known:
            with asking(str(address)):
                _known[key] = _made(address)
        return _known[key]


def _key(address: Address) -> _Key:
    told = ((name, value) for name, value in os.environ.items() if name.startswith(_SETTINGS))
    return address.root, *sorted(told)


def asked(address: Address, question: Callable[[pafs.FileSystem], T]) -> tuple[T, bool]:
    """What a store answers, and whether the one that was asked tries again where it fails.

    As long as it has not answered, it is asked once, without patience; and then, if it answers
    anything at all, as always.
    """
    key = _key(address)
    if address.scheme != "s3" or key in _answered:
        return question(filesystem_of(address)), True
    try:
        with _lock:
            if key not in _hasty:
                _hasty[key] = _s3(address.root, patient=False)
        found = question(_hasty[key])
    except OSError as error:
        if not may_pass(error):
            _answered.add(key)
            raise
        if not is_busy(error):
            _refuse_unreachable(address, _s3_host(address.root))
        found, patient = question(filesystem_of(address)), True
    else:
        patient = False
    _answered.add(key)
    return found, patient


def _refuse_unreachable(address: Address, host: Host) -> None:
    fault = host.fault()
    if fault is not None:
        raise unreachable(str(address), fault)


def path_of(address: Address) -> str:
    """How the file system calls an object."""
    if address.scheme in ("s3", "gs", "gcs"):
        return f"{address.authority}/{address.key}".rstrip("/")
    if address.scheme in ("abfs", "abfss"):
        return f"{address.authority.partition('@')[0]}/{address.key}".rstrip("/")
    handler = filesystem_of(address).handler
    return str(handler.fs._strip_protocol(address.bare))


def _made(address: Address) -> pafs.FileSystem:
    if address.scheme == "s3":
        return _s3(address.root)
    if address.scheme in ("gs", "gcs"):
        return _google(address)
    if address.scheme in ("abfs", "abfss"):
        return _azure(address)
    return _of_fsspec(address.root)


def _options(root: Address) -> tuple[dict[str, str], bool]:
    """What is said of a store, and whether it is asked without credentials."""
    options = dict(root.options)
    anonymous = options.pop("anonymous", "").lower() in _YES
    return options, anonymous


def _google(address: Address) -> pafs.FileSystem:
    options, anonymous = _options(address)
    endpoint = options.get("endpoint_override") or "storage.googleapis.com"
    encrypted = options.get("scheme") != "http"
    _refuse_unreachable(address, Host.of(endpoint, encrypted=encrypted))
    retrying = timedelta(seconds=_RETRY_SECONDS)
    return pafs.GcsFileSystem(anonymous=anonymous, retry_time_limit=retrying, **options)


def _azure(address: Address) -> pafs.FileSystem:
    root = address.root
    options, anonymous = _options(root)
    account = root.authority.rpartition("@")[2].partition(".")[0]
    authority = options.get("dfs_storage_authority") or ".dfs.core.windows.net"
    endpoint = f"{account}{authority}" if authority.startswith(".") else authority
    encrypted = options.get("enable_tls", "true").lower() in _YES
    _refuse_unreachable(address, Host.of(endpoint, encrypted=encrypted))
    if anonymous:
        options["credential_kind"] = "anonymous"
    query = "&".join(f"{name}={value}" for name, value in options.items())
    with _without_az():
        found = pafs.FileSystem.from_uri(f"{root.bare}/{'?' if query else ''}{query}")[0]
    # To open an object, or to look at a container, without credentials would end the process,
    # from within Azure's library; to look at a name within one is an error.
    found.get_file_info(f"{path_of(root)}/{_ANY_NAME}")
    return found


@contextmanager
def _without_az() -> Iterator[None]:
    """Let Azure's library not run its command where there is none, which a shell would tell.

    The one in PyArrow 21 does not read the variable: there the shell's line stays.
    """
    if shutil.which("az") is not None or _AZURE_CREDENTIALS in os.environ:
        yield
        return
    os.environ[_AZURE_CREDENTIALS] = "prod"  # those of services, not of people at a terminal
    try:
        yield
    finally:
        del os.environ[_AZURE_CREDENTIALS]


def _s3(root: Address, *, patient: bool = True) -> pafs.FileSystem:
    """Amazon's store or one that speaks as it does.

    Where nobody names an endpoint or a region, Amazon is asked in which one the bucket is.
    """
    options, anonymous = _options(root)
    scheme, host = _s3_endpoint(options)
    region = _s3_region(options)
    if not region:
        region = "us-east-1" if host else pafs.resolve_s3_region(root.authority)
    unsigned = os.environ.get("AWS_NO_SIGN_REQUEST", "").lower() in _YES
    return pafs.S3FileSystem(
        anonymous=anonymous or unsigned,
        region=region,
        endpoint_override=host or None,
        scheme=scheme,
        connect_timeout=_CONNECT_SECONDS if patient else _FIRST_SECONDS,
        request_timeout=_REQUEST_SECONDS if patient else _FIRST_SECONDS,
        retry_strategy=pafs.AwsStandardS3RetryStrategy(max_attempts=_TRIES if patient else 1),
    )


def _s3_endpoint(options: dict[str, str]) -> tuple[str, str]:
    """The scheme, and the host where one is named."""
    endpoint = options.get("endpoint_override") or os.environ.get(
        "AWS_ENDPOINT_URL_S3", os.environ.get("AWS_ENDPOINT_URL", "")
    )
    scheme, mark, host = endpoint.rpartition("://")
    return options.get("scheme") or (scheme if mark else "https"), host.rstrip("/")


def _s3_region(options: dict[str, str]) -> str:
    region = os.environ.get("AWS_REGION", os.environ.get("AWS_DEFAULT_REGION", ""))
    return options.get("region") or region


def _s3_host(root: Address) -> Host:
    options, _ = _options(root)
    scheme, host = _s3_endpoint(options)
    region = _s3_region(options)
    amazon = f"s3.{region}.amazonaws.com" if region else "s3.amazonaws.com"
    return Host.of(host or amazon, encrypted=scheme != "http")


def _of_fsspec(root: Address) -> pafs.FileSystem:
    try:
        import fsspec
    except ImportError:
        raise _needs(root, "fsspec") from None
    try:
        found: Any = fsspec.filesystem(root.scheme)
    except ImportError as error:
        raise _needs(root, f"{error.name or 'another library'} beside fsspec") from None
    except ValueError:
        raise InputError(
            f"no store is known for {root.scheme}://",
            expected="a path, or s3://, gs://, abfss://, file:// or a scheme that fsspec knows",
            place=Place(str(root)),
        ) from None
    return pafs.PyFileSystem(pafs.FSSpecHandler(found))


def _needs(root: Address, library: str) -> InputError:
    return InputError(
        f"{root.scheme}:// needs {library}, which is not installed",
        remedy="install it, or copy the file here and name the copy",
        place=Place(str(root)),
    )
