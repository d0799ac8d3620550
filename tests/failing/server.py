"""A process that has imported everything and runs each command line in a fork of its own.

Started with ``failing.c`` preloaded. Reads lines of JSON, answers with lines of JSON.
"""

from __future__ import annotations

import ctypes
import json
import mmap
import os
import sys
import tempfile
from typing import Any

from unsurprised import cli

KINDS = {"files": 1, "memory": 2}
#: Counts of a child: calls, and whether one failed.
COUNTS = mmap.mmap(-1, 16)


def answer(asked: dict[str, Any]) -> dict[str, Any]:
    """Run a command line in a fork, with one call that fails."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        COUNTS[:] = bytes(16)
        child = os.fork()
        if child == 0:
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            _run(asked)
        _, status = os.waitpid(child, 0)
        err.seek(0)
        calls, fired = (int.from_bytes(COUNTS[at : at + 8], "little") for at in (0, 8))
        return {
            "code": os.waitstatus_to_exitcode(status),
            "said": err.read().decode(errors="replace"),
            "calls": calls,
            "fired": bool(fired),
        }


def _run(asked: dict[str, Any]) -> None:
    failing = ctypes.CDLL(os.environ["LD_PRELOAD"])
    sys.argv = ["unsurprised", *asked["arguments"]]
    code = 255
    failing.failing_arm(
        KINDS[asked["kind"]],
        asked["folder"].encode(),
        ctypes.c_size_t(asked["size"]),
        ctypes.c_long(asked["number"]),
        asked["error"],
    )
    try:
        cli.main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 254
    finally:
        failing.failing_disarm()
        for at, count in ((0, failing.failing_calls()), (8, failing.failing_fired())):
            COUNTS[at : at + 8] = count.to_bytes(8, "little")
        os._exit(code)


def main() -> None:
    """Answer until there is nothing more to answer."""
    ours = os.dup(1)
    os.dup2(2, 1)
    with os.fdopen(ours, "w") as answers:
        for line in sys.stdin:
            asked = json.loads(line)
            if "warm" in asked:  # imports what the command needs
                with tempfile.TemporaryFile("w") as nowhere:
                    sys.stdout, kept = nowhere, sys.stdout
                    told: dict[str, Any] = {"code": cli.run(asked["warm"])}
                    sys.stdout = kept
            else:
                told = answer(asked)
            print(json.dumps(told), file=answers, flush=True)


if __name__ == "__main__":
    main()
