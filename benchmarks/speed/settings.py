"""Under what everything is measured: threads and instruction set.

Each setting has a process of its own, which measures all of its lines: thread pools (OpenMP, XLA)
are made and the instruction set is chosen once a process, when a library is first used. One
process a line would be the same, with ten seconds of imports and of making arrays for each.
"""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Setting:
    """How many threads everything has, and which instruction set ours is held to."""

    name: str
    threads: int
    #: Empty: the best that the processor has.
    isa: str = ""

    @property
    def with_peers(self) -> bool:
        """Peers are asked once, where everyone has one thread and every instruction there is."""
        return self.threads == 1 and not self.isa

    def environment(self) -> dict[str, str]:
        """The variables that bind every library to the setting."""
        kept = {name: value for name, value in os.environ.items() if "UNSURPRISED" not in name}
        count = str(self.threads)
        pools = ("OMP", "MKL", "UNSURPRISED")
        return {
            **kept,
            **{f"{pool}_NUM_THREADS": count for pool in pools},
            "UNSURPRISED_ISA": self.isa,
            # Only reads the yardstick, which makes its threads itself.
            "OPENBLAS_NUM_THREADS": "1",
            "VECLIB_MAXIMUM_THREADS": "1",
            # XLA makes its pool as large as NPROC says, where that is set.
            "NPROC": count,
            "XLA_FLAGS": f"--xla_cpu_multi_thread_eigen={str(self.threads > 1).lower()}",
            "JAX_PLATFORMS": "cpu",
        }


ONE = Setting("one thread", 1)
TWO = Setting("two threads", 2)
AVX2 = Setting("AVX2", 1, "avx2")


def settings() -> list[Setting]:
    """Those that this machine can have."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    found = [ONE]
    if (cores or 1) > 1:
        found.append(TWO)
    if platform.machine().lower() in ("x86_64", "amd64"):
        found.append(AVX2)
    return found
