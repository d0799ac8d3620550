"""Options that several functions take: declared, checked and explained in one place.

A function that takes ``**options`` and hands them on shows them in its signature and in its
documentation as if it had declared each of them itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from inspect import Parameter, Signature, cleandoc, signature
from typing import Any, TypeVar, get_type_hints

Function = TypeVar("Function", bound=Callable[..., Any])


def with_options(source: Callable[..., Any]) -> Callable[[Function], Function]:
    """Show the options of ``source`` where a function has ``**options`` and says ``{options}``.

    Examples
    --------
    >>> def rounding(*, digits: int = 3):
    ...     '''How to round.
    ...
    ...     Parameters
    ...     ----------
    ...     digits : int, default 3
    ...         How many.
    ...     '''
    ...     return digits
    >>> @with_options(rounding)
    ... def rounded(x, **options):
    ...     '''A number, rounded.
    ...
    ...     Parameters
    ...     ----------
    ...     x : float
    ...     {options}
    ...     '''
    ...     return round(x, rounding(**options))
    >>> rounded(2.71828, digits=1), "How many." in rounded.__doc__
    (2.7, True)
    >>> import inspect
    >>> inspect.signature(rounded)
    <Signature (x, *, digits: int = 3)>
    """

    def shown(function: Any) -> Any:
        types, more = get_type_hints(source), _options(signature(source))
        more = [option.replace(annotation=types[option.name]) for option in more]
        own = signature(function)
        kept = [one for one in own.parameters.values() if one.kind is not Parameter.VAR_KEYWORD]
        names = {one.name for one in kept} | {"return"}
        function.__signature__ = own.replace(parameters=[*kept, *more])
        function.__annotations__ = {
            name: kind for name, kind in function.__annotations__.items() if name in names
        } | {option.name: option.annotation for option in more}
        if function.__doc__ and source.__doc__:  # Python may have been told to leave them out
            function.__doc__ = _filled_in(function.__doc__, _parameters(source.__doc__))
        return function

    return shown


def _options(of: Signature) -> list[Parameter]:
    return [one for one in of.parameters.values() if one.kind is Parameter.KEYWORD_ONLY]


def _parameters(text: str) -> str:
    """What a docstring says of the parameters."""
    after = cleandoc(text).partition("Parameters\n----------\n")[2]
    return re.split(r"\n\n\w+\n-+\n", after)[0].rstrip()


def _filled_in(text: str, options: str) -> str:
    """A docstring with the options in the place of ``{options}``, at its depth."""
    place = re.search(r"^( *)\{options\}$", text, flags=re.MULTILINE)
    if place is None:
        raise ValueError("the docstring has no line '{options}'")
    lines = "\n".join(place[1] + line if line else line for line in options.split("\n"))
    return text[: place.start()] + lines + text[place.end() :]
