"""An address taken apart: which store, which object, how it is reached; no credentials."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TypeGuard
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from unsurprised.addresses import scheme_of, without_secrets
from unsurprised.errors import InputError, Place

#: What may be said of a store behind a ``?``; none of it is secret.
_S3 = ("region", "endpoint_override", "scheme", "anonymous")
_GOOGLE = ("endpoint_override", "scheme", "anonymous")
_AZURE = (
    "blob_storage_authority",
    "dfs_storage_authority",
    "enable_tls",
    "tenant_id",
    "client_id",
    "anonymous",
)
OPTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"s3": _S3, "gs": _GOOGLE, "gcs": _GOOGLE, "abfs": _AZURE, "abfss": _AZURE}
)

#: Where each store looks for credentials by itself.
CREDENTIALS: Mapping[str, str] = MappingProxyType(
    {
        "s3": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile (AWS_PROFILE) or a role",
        "gs": "GOOGLE_APPLICATION_CREDENTIALS, gcloud auth application-default login or a role",
        "abfss": "AZURE_CLIENT_ID and its kin, az login or a managed identity",
    }
)


def credentials_of(scheme: str) -> str:
    """Where credentials of a scheme's store go."""
    own = {"gcs": "gs", "abfs": "abfss"}.get(scheme, scheme)
    return CREDENTIALS.get(own, f"what fsspec reads for {scheme}:// ({_FSSPEC})")


_FSSPEC = "its environment or ~/.config/fsspec"


@dataclass(frozen=True, slots=True)
class Address:
    """Which object of which store; keys are spelled as they are, without %-escapes."""

    scheme: str
    #: A bucket, or ``container@account``.
    authority: str
    key: str
    options: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, text: str) -> Address:
        """An address, none of whose parts is a secret.

        Raises
        ------
        InputError
            It holds a password, a key or an option that the store does not have.
        """
        scheme = scheme_of(text) or ""
        bare, mark, query = text.partition("?")
        authority, _, key = bare[len(scheme) + 3 :].partition("/")
        place = Place(without_secrets(text))
        if "@" in authority and (":" in authority or scheme not in ("abfs", "abfss")):
            raise InputError(
                "the address holds a user or a password, which would stand in plans and errors",
                remedy=f"leave it out: credentials come from {credentials_of(scheme)}",
                place=place,
            )
        if not authority and scheme in OPTIONS:
            raise InputError(
                "the address names no bucket", expected=f"{scheme}://bucket/key", place=place
            )
        options = parse_qsl(query, keep_blank_values=True)
        _check_options(scheme, [name for name, _ in options], bool(mark), place)
        return cls(scheme, authority, key, tuple(options))

    def __str__(self) -> str:
        query = f"?{urlencode(self.options, safe=':/')}" if self.options else ""
        return f"{self.bare}{query}"

    @property
    def bare(self) -> str:
        """The address without options."""
        return f"{self.scheme}://{self.authority}" + (f"/{self.key}" if self.key else "")

    @property
    def root(self) -> Address:
        """The bucket."""
        return replace(self, key="")

    def at(self, key: str) -> Address:
        """Another object of the same store."""
        return replace(self, key=key)

    def below(self, relative: str) -> Address:
        """The object of a path that is relative to this one."""
        return self.at("/".join(filter(None, (self.key.rstrip("/"), relative))))


def _check_options(scheme: str, names: list[str], asked: bool, place: Place) -> None:
    allowed = OPTIONS.get(scheme, ())
    wrong = next((name for name in names if name not in allowed), None)
    if asked and not allowed:
        raise InputError(
            "something follows ? in the address, which may be a signature",
            remedy=f"leave it out: credentials come from {credentials_of(scheme)}",
            place=place,
        )
    if wrong is not None or (asked and not names):
        raise InputError(
            f"the address has an option {wrong!r}" if wrong else "no option follows ?",
            expected=f"none but {', '.join(allowed)}",
            remedy=f"credentials come from {credentials_of(scheme)}",
            place=place,
        )


def local_path(text: str) -> str | None:
    """The path that a ``file://`` address stands for; None for any other.

    Examples
    --------
    >>> local_path("file:///tmp/two%20words.csv"), local_path("s3://bucket/rows.csv")
    ('/tmp/two words.csv', None)
    """
    if scheme_of(text) != "file":
        return None
    parts = urlsplit(text)
    path = unquote(parts.path)
    if parts.netloc not in ("", "localhost") or not path or parts.query or parts.fragment:
        raise InputError(
            "is no address of a file of this machine",
            expected="file:///folder/file, in which ?, # and % are %3F, %23 and %25",
            place=Place(without_secrets(text)),
        )
    return path


def is_stored(file: str | None) -> TypeGuard[str]:
    """Whether a file's name is an address in a store."""
    return file is not None and scheme_of(file) is not None
