"""Engines by their names, as a command line has them: opened for one call, and closed with it."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from typing import Any

from unsurprised.errors import CallError

EXPECTED = (
    "processes (or processes:4), dask, dask://HOST:PORT, ray, ray://HOST:PORT, spark, "
    "spark://HOST:PORT or sc://HOST:PORT"
)
_FORM = re.compile(
    r"processes(?::(?P<count>[0-9]{1,6}))?"
    r"|(?P<library>dask|ray|spark)"
    r"|(?P<scheme>dask|ray|spark|sc)://(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):(?P<port>[0-9]{1,5})"
)
#: More are meant for no machine.
_MOST_PROCESSES = 1024


def opener_of(name: str) -> AbstractContextManager[Any]:
    """What opens the engine of a name: a context, within which it is one.

    Raises
    ------
    CallError
        No engine has that name. What is not installed, or does not answer, is found on entering.

    Examples
    --------
    >>> with opener_of("processes:2") as pool:
    ...     pool.submit(abs, -3).result()
    3
    """
    found = _FORM.fullmatch(name)
    if found is None or int(found["port"] or 1) not in range(1, 65536):
        raise CallError(f"expected {EXPECTED}")
    count = None if found["count"] is None else int(found["count"])
    if count is not None and not 1 <= count <= _MOST_PROCESSES:
        raise CallError(f"expected from 1 to {_MOST_PROCESSES} processes")
    where = None if found["scheme"] is None else f"{found['host']}:{found['port']}"
    kind = found["library"] or found["scheme"]
    # Each takes long to import, and most machines have none of them.
    if kind == "dask":
        from unsurprised.engines import dask

        return dask.connected(where)
    if kind == "ray":
        from unsurprised.engines import ray

        return ray.connected(where and name)
    if kind in ("spark", "sc"):
        from unsurprised.engines import spark

        return spark.connected(where and name)
    from unsurprised.engines.processes import started

    return started(count)
