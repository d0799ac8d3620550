"""Mutates inputs of every reader, writer, decoder and command, and says what breaks.

    pip install -e '.[test]'
    python -m fuzz --seconds 600
    python -m fuzz --target npz --target npy --cases 100000
    python -m fuzz --replay

Each batch of cases runs in a process of its own, so that crashes, hangs and memory are told apart
and laid to the input at hand. A failure is any exception but the library's own, a warning, a
signal, more than ten seconds, more than 512 MiB, an exit code but 0 and 2 (1 for ``check``), more
than one line on standard error, files left, another answer to the same input. Failing inputs are
made smaller and written to ``fuzz/found``; mended ones belong to ``fuzz/corpus``, unless what they
break is another library.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

from fuzz.reached import Blocks

FOUND = Path(__file__).parent / "found"
#: Losses and adapters read no files.
_LEFT_OUT = ("losses/", "adapters/", "testing.py", "calibrators/export.py")


def main() -> int:
    """Run the campaign or the replay; 1 where something failed."""
    options = _options()
    blocks = Blocks("unsurprised", [""] if options.replay or options.list else _LEFT_OUT)
    blocks.watch()
    if not options.list:
        _import_all()
    from fuzz.campaign import Campaign, all_targets, replayed, told, warm_up
    from fuzz.record import figures, record, table

    targets = [one for one in all_targets() if not options.target or one.name in options.target]
    if options.list:
        print(*(target.name for target in targets), sep="\n")
        return 0
    if any(target.warm for target in targets):
        warm_up()
    if options.replay:
        begin, failures = time.monotonic(), list(replayed(targets))
        print(*(told(one, 1) for one in failures), sep="\n")
        print(f"{len(failures)} failures in {time.monotonic() - begin:.0f} s")
        return bool(failures)
    campaign, begin = Campaign(targets, blocks, options.seed, _write), time.monotonic()
    for line in campaign.turns(seconds=options.seconds, cases=options.cases):
        if not options.quiet:
            print(line, flush=True)
    for key, found in campaign.found.items():
        print(told(found, campaign.times[key]))
    run = figures(campaign, time.monotonic() - begin)
    print(table(run))
    if options.keep:
        _keep(campaign)
    if options.record:
        record(run)
    return bool(campaign.found)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m fuzz",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--target", action="append", help="only this; may be given several times")
    parser.add_argument("--seconds", type=float, default=0, help="for how long")
    parser.add_argument("--cases", type=int, default=0, help="how many, equally many a target")
    parser.add_argument("--seed", type=int, default=0, help="other mutations")
    parser.add_argument("--replay", action="store_true", help="run what is kept, and nothing else")
    parser.add_argument(
        "--keep", action="store_true", help="add what reached new code to the corpus"
    )
    parser.add_argument("--record", action="store_true", help="add the figures to those kept")
    parser.add_argument("--quiet", action="store_true", help="say only what was found")
    parser.add_argument("--list", action="store_true", help="say the targets' names")
    options = parser.parse_args()
    if not (options.seconds or options.cases or options.replay or options.list):
        options.seconds = 60
    return options


def _import_all() -> None:
    """Everything that is imported late, so that a child has it and no case pays for it."""
    import pkgutil
    from importlib import import_module

    import unsurprised

    for module in pkgutil.walk_packages(unsurprised.__path__, "unsurprised."):
        inner = module.name.removeprefix("unsurprised.").replace(".", "/")
        if not f"{inner}.py".startswith(_LEFT_OUT) and inner not in (
            "losses",
            "adapters",
            "__main__",
        ):
            import_module(module.name)


def _write(found: Any) -> None:
    from fuzz.campaign import told

    print(told(found, 1), flush=True)
    folder = FOUND / found.target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / found.case.name).write_bytes(found.case.data)
    (folder / f"{found.case.name}.txt").write_text(
        f"{found.kind} at {found.where}\n\n{found.told}\n", errors="replace"
    )


def _keep(campaign: Any) -> None:
    from fuzz.campaign import CORPUS

    for name, standing in campaign.standing.items():
        for case in standing.new:
            if len(case.data) <= 4096:
                (CORPUS / name).mkdir(parents=True, exist_ok=True)
                (CORPUS / name / case.name).write_bytes(case.data)


if __name__ == "__main__":
    sys.exit(main())
