"""Dask: its client as an executor, which Dask itself makes, and clients for one call."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager, suppress
from typing import Any

from unsurprised.engines.connecting import SECONDS, in_time, not_installed, refuse_silent, unheard
from unsurprised.engines.processes import no_interrupts
from unsurprised.errors import CallError, StateError
from unsurprised.threads import get_num_threads

#: Where Dask's own clients look for the address of a scheduler.
_TOLD = "scheduler-address"
#: What a machine answers with its release of the library.
_RELEASE = "__import__('unsurprised').__version__"
#: How long a first worker is waited for.
_WORKER_SECONDS = 5.0


def executor_of(client: Any) -> Executor:
    """The executor of a client of ``dask.distributed``.

    A task is run again where its worker was lost, as Dask does, and not where it has failed; it is
    not looked up by what it is told, for files change under their names.
    """
    refuse_unusable(client)
    found: Executor = client.get_executor(pure=False, retries=0)
    return found


def refuse_unusable(client: Any) -> None:
    """Raise for what is no client, or one that is connected to nothing."""
    if not hasattr(client, "get_executor") or getattr(client, "asynchronous", False):
        raise CallError(
            f"engine is a {type(client).__name__} that is asynchronous, or no client; expected a "
            "Client of dask.distributed: Client(cluster)"
        )
    if client.status != "running":
        raise _gone()
    _refuse_other_releases(client)


def _refuse_other_releases(client: Any) -> None:
    """Raise for a machine of the cluster without this release of the library.

    A worker that has none ends as it is sent a task, and who waits for the task waits for ever; a
    scheduler looks into tasks, too. So they are asked in words that need no library.
    """
    from unsurprised import __version__

    found: dict[str, Any] = {}
    with suppress(Exception):  # where nobody may run what is not a task
        found = client.run(eval, _RELEASE, on_error="return")
        found = {f"worker at {address}": release for address, release in found.items()}
        try:
            client.run_on_scheduler(eval, _RELEASE)
        except ImportError as error:
            found["scheduler"] = error
    for machine, release in found.items():
        if release == __version__:
            continue
        has = "no unsurprised" if isinstance(release, Exception) else f"unsurprised {release}"
        raise StateError(
            f"the Dask {machine} has {has}, and this is unsurprised {__version__}; install one "
            "release on all machines"
        )


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


@contextmanager
def connected(address: str | None = None) -> Iterator[Any]:
    """A client of the scheduler at HOST:PORT, or of the one that Dask's settings name.

    Where they name none (``DASK_SCHEDULER_ADDRESS``), it is that of processes of this machine.
    """
    with unheard():
        try:
            import dask
            import distributed
        except ImportError:
            raise not_installed("Dask", "dask") from None
        address = address or dask.config.get(_TOLD, None)
        if address is None:
            with _processes(dask, distributed) as cluster, distributed.Client(cluster) as client:
                yield client
            return

        def connect() -> Any:
            refuse_silent(address.rpartition("//")[2])
            return distributed.Client(address, timeout=SECONDS, set_as_default=False)

        remedy = "expected the address of a Dask scheduler that runs"
        with in_time(connect, f"no Dask scheduler at {address}", remedy) as client:
            _refuse_no_workers(client, address)
            yield client


def _refuse_no_workers(client: Any, address: str) -> None:
    """Raise if no worker is there, nor comes soon."""
    try:
        client.wait_for_workers(1, timeout=_WORKER_SECONDS)
    except TimeoutError:
        raise CallError(
            f"the Dask scheduler at {address} has no workers; start some first: dask worker "
            f"{address}"
        ) from None


@contextmanager
def _processes(dask: Any, distributed: Any) -> Iterator[Any]:
    """A cluster of one process a core, which leaves no file behind."""
    with tempfile.TemporaryDirectory(prefix="unsurprised-dask-") as folder:
        # Dask makes a folder where its settings say even if it is told another.
        with dask.config.set({"temporary-directory": folder}), no_interrupts():
            started = distributed.LocalCluster(
                n_workers=get_num_threads(),
                threads_per_worker=1,
                processes=True,
                dashboard_address=None,
                silence_logs=logging.CRITICAL,
                local_directory=folder,
            )
        with started as cluster:
            yield cluster
