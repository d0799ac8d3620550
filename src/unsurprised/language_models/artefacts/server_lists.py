"""Log-probabilities as servers answer: chat completions, completions, vLLM's ``prompt_logprobs``.

OpenAI, vLLM and llama.cpp's server write the same formats, with differences that are taken as they
come: bytes or none, ids beside texts or in their place, one entry more than was asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from unsurprised.errors import CallError, InputError, Place
from unsurprised.language_models.artefacts.list_builder import ListBuilder
from unsurprised.language_models.artefacts.responses import Response, responses
from unsurprised.language_models.list_cleaning import DEFAULT_UNKNOWN
from unsurprised.language_models.top_logprobs import TopLogProbs
from unsurprised.sources.samples import is_sample

#: Which tokens of a response: those that were given, those that were written.
PARTS = ("prompt", "completion")


def server_lists(
    path: str,
    *,
    part: str | None = None,
    vocabulary: int | None = None,
    unknown: float | None = DEFAULT_UNKNOWN,
) -> TopLogProbs:
    """Responses of a file or a folder as lists; a choice of a response is a document.

    Parameters
    ----------
    path : str
        JSON, JSON lines (OpenAI's batches too), or a folder of either.
    part : {"prompt", "completion"}, optional
        Which of the two to take where responses hold the log-probabilities of both.
    vocabulary : int, optional
        How many tokens there are at all.
    unknown : float or None, default -9999.0
        The value that means "not known".
    """
    if part is not None and part not in PARTS:
        raise CallError(f"part={part!r}; expected 'prompt' or 'completion'")
    builder = ListBuilder(path, unknown=unknown)
    for response in responses(path):
        _add(builder, response, part)
    return builder.built(vocabulary=vocabulary)


def _add(builder: ListBuilder, response: Response, part: str | None) -> None:
    body, place = response.body, response.place
    if isinstance(body.get("error"), dict):
        raise _refused(place, "error", "a response that is an error", "a response with tokens")
    if str(body.get("object")).endswith(".chunk"):
        raise InputError(
            "found a piece of a response",
            expected="whole responses",
            remedy="ask without stream=true, or put the pieces together",
            place=place,
        )
    if is_sample(body):
        raise InputError(
            "found a sample of lm-evaluation-harness, which says how likely a document or a choice "
            "is, not its tokens",
            expected="log-probabilities of tokens",
            remedy="set the samples of two models beside each other: unsurprised compare A B, or "
            "measure one's: unsurprised evaluate A",
            place=place,
        )
    if "completion_probabilities" in body:
        entries = _list(body["completion_probabilities"], _at(place, "completion_probabilities"))
        builder.document(response.name, place)
        _chat(builder, entries, _at(place, "completion_probabilities"))
        return
    choices = body.get("choices")
    if choices is None and "prompt_logprobs" in body:
        choices = [{}]
    choices = _list(choices, _at(place, "choices"))
    for number, choice in enumerate(choices):
        here = _at(place, f"choices[{number}]")
        _object(choice, here)
        name = response.name if len(choices) == 1 else f"{response.name}.{number}"
        builder.document(name, place)
        _choice(builder, body, choice, here, part)


def _choice(
    builder: ListBuilder,
    body: dict[str, Any],
    choice: dict[str, Any],
    here: Place,
    part: str | None,
) -> None:
    prompt = choice.get("prompt_logprobs") or body.get("prompt_logprobs")
    written = choice.get("logprobs")
    if prompt and written and part is None:
        raise InputError(
            "found the log-probabilities of the prompt's tokens, and those of the completion's",
            expected="to be told which",
            remedy="part='prompt' for the text that was given, part='completion' for the tokens "
            "that the model wrote",
            place=here,
        )
    if prompt and part != "completion":
        ids = choice.get("prompt_token_ids") or body.get("prompt_token_ids")
        _prompt(builder, _list(prompt, _at(here, "prompt_logprobs")), ids, here)
    elif written and part != "prompt":
        here = _at(here, "logprobs")
        _object(written, here)
        if "content" in written:
            here = _at(here, "content")
            _chat(builder, _list(written["content"] or [], here), here)
        else:
            _completion(builder, written, here)
    else:
        raise InputError(
            "found no log-probabilities",
            expected=f"those of the {part}" if part else "logprobs or prompt_logprobs",
            remedy="ask for them: logprobs=true and top_logprobs=20 (chat), logprobs=20 "
            "(completions), prompt_logprobs=20 (vLLM)",
            place=here,
        )


def _chat(builder: ListBuilder, tokens: list[Any], here: Place) -> None:
    """``content`` of chat completions: what came and the list beside it, a token each."""
    for position, token in enumerate(tokens):
        place = _at(here, f"[{position}]")
        _object(token, place)
        if {"prob", "probs"} & token.keys() and "logprob" not in token:
            raise _refused(
                place,
                "prob",
                "probabilities after sampling's cuts (post_sampling_probs)",
                "log-probabilities of the model: post_sampling_probs=false",
            )
        listed = token.get("top_logprobs")
        entries = [] if listed is None else _list(listed, _at(place, "top_logprobs"))
        for number, entry in enumerate(entries):
            _object(entry, _at(place, f"top_logprobs[{number}]"))
        builder.add(
            position,
            _token(token, place),
            token.get("logprob"),
            [(_token(entry, place), entry.get("logprob")) for entry in entries],
            place,
        )


def _token(entry: dict[str, Any], place: Place) -> Any:
    """A token's id, or its bytes as text: the text alone is that of several where it is cut."""
    if isinstance(entry.get("id"), int):
        return entry["id"]
    text, data = entry.get("token"), entry.get("bytes")
    if isinstance(text, str) and text.startswith("token_id:"):
        return text
    if not data:
        return text
    try:
        return bytes(data).decode("utf-8", "surrogateescape")
    except (TypeError, ValueError):
        raise _refused(place, "bytes", f"{data!r:.60}", "numbers from 0 to 255, or null") from None


def _completion(builder: ListBuilder, said: dict[str, Any], here: Place) -> None:
    """``logprobs`` of completions: columns; mappings by the tokens' texts."""
    tokens = _list(said.get("tokens"), _at(here, "tokens"))
    columns = {}
    for name in ("token_logprobs", "top_logprobs"):
        held = said.get(name)
        column = [None] * len(tokens) if held is None else _list(held, _at(here, name))
        if len(column) != len(tokens):
            raise InputError(
                f"found {len(column)} entries for {len(tokens)} tokens",
                expected="as many",
                place=_at(here, name),
            )
        columns[name] = column
    rows = zip(tokens, columns["token_logprobs"], columns["top_logprobs"], strict=True)
    for position, (token, number, listed) in enumerate(rows):
        place = _at(here, f"top_logprobs[{position}]")
        if position == 0 and number is None and not listed:
            continue  # with echo, nothing predicts the first
        entries = {} if listed is None else listed
        _object(entries, place)
        builder.add(position, token, number, entries.items(), place, keyed=True)


def _prompt(builder: ListBuilder, tokens: list[Any], ids: Any, here: Place) -> None:
    """VLLM's ``prompt_logprobs``: mappings by id, the token that came the first of each."""
    if ids is not None and (not isinstance(ids, list) or len(ids) != len(tokens)):
        raise InputError(
            f"found {len(ids) if isinstance(ids, list) else ids!r} ids for {len(tokens)} tokens",
            expected="as many",
            place=_at(here, "prompt_token_ids"),
        )
    for position, listed in enumerate(tokens):
        place = _at(here, f"prompt_logprobs[{position}]")
        if listed is None and position == 0:
            continue  # nothing predicts it
        _object(listed, place)
        entries = list(_ranked_entries(listed, place))
        came = entries[0][0] if entries and ids is None else None if ids is None else ids[position]
        number = next((value for key, value, _ in entries if key == came), None)
        ranks = {rank for _, _, rank in entries}
        if None in ranks:
            pairs = [(key, value) for key, value, _ in entries]
            builder.add(position, came, number, pairs, place, keyed=True)
            continue
        likely = next(rank for rank in range(1, len(entries) + 2) if rank not in ranks) - 1
        entries.sort(key=lambda entry: (entry[2], entry[0] == came))
        pairs = [(key, value) for key, value, _ in entries]
        if likely == len(entries):  # or one more than were asked for: other lists tell
            builder.add(position, came, number, pairs, place, keyed=True)
        else:
            builder.add(position, came, number, pairs, place, likely=likely)


def _ranked_entries(listed: dict[str, Any], place: Place) -> Iterator[tuple[int, Any, Any]]:
    for key, said in listed.items():
        if not key.isdecimal():
            raise InputError(
                f"found the key {key!r:.60}", expected="the id of a token", place=place
            )
        _object(said, _at(place, f"[{key}]"))
        rank = said.get("rank")
        if rank is not None and (not isinstance(rank, int) or isinstance(rank, bool) or rank < 1):
            raise _refused(_at(place, f"[{key}]"), "rank", repr(rank), "a whole number from 1 on")
        yield int(key), said.get("logprob"), rank


def _at(place: Place, field: str) -> Place:
    """The place of a field within another."""
    joint = "" if place.column is None or field.startswith("[") else "."
    return replace(place, column=f"{place.column or ''}{joint}{field}")


def _list(value: Any, place: Place) -> list[Any]:
    if not isinstance(value, list):
        raise InputError(
            f"found {value!r:.60}",
            expected="a list, as completions and chat completions have it",
            remedy="keep the server's whole response, with logprobs asked for",
            place=place,
        )
    return value


def _object(value: Any, place: Place) -> None:
    if not isinstance(value, dict):
        raise InputError(f"found {value!r:.60}", expected="an object", place=place)


def _refused(place: Place, field: str, found: str, expected: str) -> InputError:
    return InputError(f"found {found}", expected=expected, place=_at(place, field))
