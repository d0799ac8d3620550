"""The file system behind an address: pyarrow's own, or one of fsspec.

Each finds its credentials by itself. It holds them from then on, and so it stays in this process:
what is planned, pickled or written down are addresses.
"""

from __future__ import annotations

import os
import threading
from datetime import timedelta
from typing import Any

import pyarrow.fs as pafs

from unsurprised.errors import InputError, Place
from unsurprised.sources.stores.addresses import Address
from unsurprised.sources.stores.faults import asking

#: Tries of one request, with growing pauses between them: half a minute at most.
_TRIES = 5
_CONNECT_SECONDS, _REQUEST_SECONDS, _RETRY_SECONDS = 5, 60, 20

#: A name that need not be there.
_ANY_NAME = "unsurprised"

_lock = threading.Lock()
_known: dict[tuple[object, ...], pafs.FileSystem] = {}
#: What stores' own settings and credentials in the environment begin with.
_SETTINGS = ("AWS_", "GOOGLE_", "AZURE_", "CLOUD_", "STORAGE_")


def forget() -> None:
    """Make every file system anew."""
    _known.clear()


def filesystem_of(address: Address) -> pafs.FileSystem:
    """The file system of an address's bucket, one in this process while its environment stays."""
    told = ((name, value) for name, value in os.environ.items() if name.startswith(_SETTINGS))
    key = (address.root, *sorted(told))
    with _lock:
        if key not in _known:
            with asking(str(address)):
                _known[key] = _made(address.root)
        return _known[key]


def path_of(address: Address) -> str:
    """How the file system calls an object."""
    if address.scheme in ("s3", "gs", "gcs"):
        return f"{address.authority}/{address.key}".rstrip("/")
    if address.scheme in ("abfs", "abfss"):
        return f"{address.authority.partition('@')[0]}/{address.key}".rstrip("/")
    handler = filesystem_of(address).handler
    return str(handler.fs._strip_protocol(address.bare))


def _made(root: Address) -> pafs.FileSystem:
    options = dict(root.options)
    anonymous = options.pop("anonymous", "").lower() in ("true", "1", "yes")
    if root.scheme == "s3":
        return _s3(root, options, anonymous)
    if root.scheme in ("gs", "gcs"):
        retrying = timedelta(seconds=_RETRY_SECONDS)
        return pafs.GcsFileSystem(anonymous=anonymous, retry_time_limit=retrying, **options)
    if root.scheme in ("abfs", "abfss"):
        if anonymous:
            options["credential_kind"] = "anonymous"
        query = "&".join(f"{name}={value}" for name, value in options.items())
        found = pafs.FileSystem.from_uri(f"{root.bare}/{'?' if query else ''}{query}")[0]
        # To open an object, or to look at a container, without credentials would end the process,
        # from within Azure's library; to look at a name within one is an error.
        found.get_file_info(f"{path_of(root)}/{_ANY_NAME}")
        return found
    return _of_fsspec(root)


def _s3(root: Address, options: dict[str, str], anonymous: bool) -> pafs.FileSystem:
    """Amazon's store or one that speaks as it does.

    Where nobody names an endpoint or a region, Amazon is asked in which one the bucket is.
    """
    environment = os.environ
    endpoint = options.get("endpoint_override") or environment.get(
        "AWS_ENDPOINT_URL_S3", environment.get("AWS_ENDPOINT_URL", "")
    )
    scheme, mark, host = endpoint.rpartition("://")
    region = options.get("region") or environment.get(
        "AWS_REGION", environment.get("AWS_DEFAULT_REGION", "")
    )
    if not region:
        region = "us-east-1" if host else pafs.resolve_s3_region(root.authority)
    unsigned = environment.get("AWS_NO_SIGN_REQUEST", "").lower() in ("true", "1", "yes")
    return pafs.S3FileSystem(
        anonymous=anonymous or unsigned,
        region=region,
        endpoint_override=host or None,
        scheme=options.get("scheme") or (scheme if mark else "https"),
        connect_timeout=_CONNECT_SECONDS,
        request_timeout=_REQUEST_SECONDS,
        retry_strategy=pafs.AwsStandardS3RetryStrategy(max_attempts=_TRIES),
    )


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
