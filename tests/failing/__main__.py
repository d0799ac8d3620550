"""``python -m tests.failing``: all of it, in half an hour; the suite runs the quick part."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import harness
import killing

ROWS, KILLS = 60, 50


def main() -> int:
    """Print what went wrong; the exit code says whether anything did."""
    import pyarrow.parquet as pq

    examples = Path(__file__).parents[2] / "examples"
    wrong = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        data = folder / "data.parquet"
        pq.write_table(pq.read_table(examples / "digits.parquet").slice(0, ROWS), data)
        with harness.Server(harness.built(folder)) as server:
            bench = harness.Bench.set_up(server, folder, data)
            for kind in harness.KINDS:
                for command in harness.COMMANDS:
                    for old in (False, True):
                        found = list(bench.failures(command, kind, old=old))
                        calls = bench.calls(command, kind, old=old)
                        print(f"{command.name}, {kind}, {'old' if old else 'new'}: {calls} calls")
                        print(*found, sep="\n", end="\n" if found else "", flush=True)
                        wrong += len(found)
        work = killing.Work(folder)
        for share in killing.moments(KILLS):
            if found_after := work.killed(share):
                print(found_after, flush=True)
                wrong += 1
        print(f"{KILLS} times kill -9")
    print(f"{wrong} wrong")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
