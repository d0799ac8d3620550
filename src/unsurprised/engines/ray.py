"""Ray: its tasks as futures of an executor, and connections for one call."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from typing import Any

from unsurprised.engines.connecting import in_time, not_installed, refuse_silent, unheard
from unsurprised.errors import CallError

#: Where Ray looks for the address of a cluster.
_TOLD = "RAY_ADDRESS"


class RayTask(Future[Any]):
    """A task of Ray, which is given up with its future."""

    def __init__(self, reference: Any) -> None:
        super().__init__()
        self._reference = reference
        reference.future().add_done_callback(self._ended)

    def cancel(self) -> bool:
        """Give the task up, if it has not ended."""
        import ray

        given_up = super().cancel()
        if given_up:
            ray.cancel(self._reference)
        return given_up

    def _ended(self, inner: Future[Any]) -> None:
        if not self.set_running_or_notify_cancel():
            return
        error = inner.exception()
        if error is None:
            self.set_result(inner.result())
        else:
            self.set_exception(error)


class RayExecutor(Executor):
    """Runs tasks on the cluster that this process is connected to.

    A task is run again where its worker was lost, as Ray does, and not where it has failed.
    """

    def submit(self, work: Callable[..., Any], /, *given: Any, **named: Any) -> RayTask:
        """A task of one CPU."""
        import ray

        task = ray.remote(_called).options(num_cpus=1, retry_exceptions=False)
        return RayTask(task.remote(work, given, named))


def _called(work: Callable[..., Any], given: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """What Ray makes a task of, which has to be a plain function."""
    return work(*given, **named)


def executor_of_ray() -> Executor:
    """The executor of the cluster that somebody has connected to, by ``ray.init``."""
    try:
        import ray
    except ImportError:
        raise CallError(
            'engine="ray" needs Ray, which is not installed: pip install "unsurprised[ray]"'
        ) from None
    if not ray.is_initialized():
        raise CallError(
            'engine="ray" is not connected to a cluster; call ray.init() for one on this machine, '
            'or ray.init("auto") for the one that is there'
        )
    return RayExecutor()


def workers_of_ray() -> int:
    """How many tasks the cluster runs at once."""
    import ray

    return max(1, int(ray.cluster_resources().get("CPU", 0)))


@contextmanager
def connected(address: str | None = None) -> Iterator[str]:
    """The name of an engine, while this process is connected to a cluster of Ray.

    The address is that of a server of Ray's clients (``ray://HOST:PORT``); by default it is what
    ``RAY_ADDRESS`` says, else the cluster that ``ray start`` has started on this machine.
    """
    address = address or os.environ.get(_TOLD) or "auto"
    where = "on this machine" if address == "auto" else f"at {address}"
    remedy = "expected one that runs: ray start --head, or its address in RAY_ADDRESS"
    with unheard():
        try:
            import ray
        except ImportError:
            raise not_installed("Ray", "ray") from None

        def connect() -> None:
            if address != "auto":
                refuse_silent(address.rpartition("//")[2])
            ray.init(address, logging_level="critical", log_to_driver=False)

        try:
            in_time(connect, f"no Ray cluster {where}", remedy)
            if not ray.cluster_resources().get("CPU"):
                raise CallError(f"the Ray cluster {where} has no CPUs; start a node that has some")
            yield "ray"
        finally:
            ray.shutdown()
