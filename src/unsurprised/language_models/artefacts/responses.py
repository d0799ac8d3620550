"""Responses of servers in files: one as JSON, several as an array or a line each, or a folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from unsurprised.errors import InputError, Place
from unsurprised.sources.files import binary
from unsurprised.sources.guard import guarded
from unsurprised.sources.json_records import records_of
from unsurprised.sources.limits import LINE, NESTING
from unsurprised.sources.places import by_number, files_in, is_folder, named_path

_SUFFIXES = (".json", ".jsonl", ".ndjson")


@dataclass(frozen=True, slots=True)
class Response:
    """What a server said, where that stands, and what its document is called."""

    body: dict[str, Any]
    name: str
    place: Place


def responses(path: str) -> Iterator[Response]:
    """Those of a file or a folder, bodies taken out of what wraps them."""
    if not is_folder(path):
        yield from _of_file(path, None)
        return
    files = by_number([file for file in files_in(path) if named_path(file).suffix in _SUFFIXES])
    if not files:
        raise InputError(
            "the folder holds no JSON file",
            expected="responses of a server, a file or a line each",
            place=Place(path),
        )
    for file in files:
        yield from _of_file(file, named_path(file).stem)


def _of_file(file: str, stem: str | None) -> Iterator[Response]:
    """Responses of a file; of a folder's file they are called after it."""
    whole = _whole(file)
    if whole is not None:
        yield _unwrapped(whole, stem or "0", Place(file))
        return
    for number, record, _ in records_of(file):
        name = f"{number}" if stem is None else f"{stem}/{number}"
        yield _unwrapped(record, name, Place(file, number))


def _unwrapped(record: dict[str, Any], name: str, place: Place) -> Response:
    """A response by itself: OpenAI's batches wrap it, and say what it answers."""
    named = record.get("custom_id")
    name = named if isinstance(named, str) else name
    inner = record.get("response")
    if isinstance(inner, dict):
        body = inner.get("body", inner)
        record = body if isinstance(body, dict) else inner
    return Response(record, name, place)


def _whole(file: str) -> dict[str, Any] | None:
    """The one value of a file over several lines; ``None`` where each line is one, or an array is.

    A list of log-probabilities alone is one too, as who keeps ``prompt_logprobs`` writes it.
    """
    with guarded(file, "JSON"), binary(file) as stream:
        head = stream.read(1 << 16)
        inner = head.removeprefix(b"\xef\xbb\xbf").lstrip()
        if inner[:1] == b"[" and inner[1:].lstrip()[:1] == b"{" and not _of_tokens(inner):
            return None
        first, _, more = head.partition(b"\n")
        if inner[:1] == b"{" and _is_complete(first):
            return None
        if inner[:1] == b"{" and not more and len(head) == 1 << 16:
            stream.seek(0)
            if _is_complete(stream.readline(LINE.most + 1)):
                return None
        stream.seek(0)
        text = stream.read(LINE.most + 1)
    if len(text) > LINE.most:
        raise LINE.exceeded("a longer response", Place(file))
    try:
        found = json.loads(text.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise InputError("found bytes that are not UTF-8 text", place=Place(file)) from None
    except RecursionError:
        raise NESTING.exceeded("more levels", Place(file)) from None
    except ValueError as error:
        raise InputError(
            f"found no complete JSON ({error})",
            expected="a response of a server, an array of them, or one a line",
            remedy="the file seems to be truncated; write it again",
            place=Place(file),
        ) from None
    if isinstance(found, list):
        return {"prompt_logprobs": found}
    if not isinstance(found, dict):
        raise InputError(
            f"found {json.dumps(found)[:60]}", expected="a response of a server", place=Place(file)
        )
    return found


def _is_complete(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _of_tokens(head: bytes) -> bool:
    """Whether an array holds no responses but a mapping of ids a token, and no null first."""
    inner = head[1:].lstrip()[1:].lstrip()
    key = inner[1:].partition(b'"')[0]
    return inner[:1] == b'"' and key.isdigit()
