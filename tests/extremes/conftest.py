"""As many digits as lie between 1 and the least of floats, in these tests and in no others."""

from __future__ import annotations

from collections.abc import Iterator

import mpmath
import pytest


@pytest.fixture(autouse=True)
def digits() -> Iterator[None]:
    with mpmath.workdps(345):
        yield
