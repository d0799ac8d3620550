"""Dask: its client as an executor, which Dask itself makes."""

from __future__ import annotations

from concurrent.futures import Executor
from typing import Any

from unsurprised.errors import CallError


def executor_of(client: Any) -> Executor:
    """The executor of a client of ``dask.distributed``.

    A task is run again where its worker was lost, as Dask does, and not where it has failed; it is
    not looked up by what it is told, for files change under their names.
    """
    if not hasattr(client, "get_executor") or getattr(client, "asynchronous", False):
        raise CallError(
            f"engine is a {type(client).__name__} that is asynchronous, or no client; expected a "
            "Client of dask.distributed: Client(cluster)"
        )
    if client.status != "running":
        raise _gone()
    found: Executor = client.get_executor(pure=False, retries=0)
    return found


def workers_of(client: Any) -> int:
    """How many tasks a client's workers run at once."""
    try:
        threads = sum(client.nthreads().values())
    except Exception:  # of a scheduler that is about to be missed, whatever asyncio raises
        raise _gone() from None
    if not threads:
        raise CallError(
            "the Dask cluster of engine has no workers; wait for some: client.wait_for_workers(1)"
        )
    return int(threads)


def _gone() -> CallError:
    return CallError(
        "the Dask client of engine is closed, or its scheduler does not answer; expected one that "
        "is connected: Client(cluster)"
    )
