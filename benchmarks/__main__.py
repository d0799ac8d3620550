"""How fast the measures are, beside memory and beside torch, SciPy, scikit-learn and JAX.

    pip install '.[benchmarks]'
    python -m benchmarks [--quick]

Writes ``benchmarks/results/speed.json`` and, from that alone, ``speed.md``, which the page on
performance shows. ``--quick`` takes less than a minute, on smaller arrays and fewer of them, and
writes nothing. Do nothing else on the machine meanwhile.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.speed.judge import OLDER, by_place, gain_sentence, place, sentence
from benchmarks.speed.settings import AVX2, ONE, TWO, Setting, settings
from benchmarks.speed.table import markdown
from benchmarks.speed.timing import FULL, QUICK
from benchmarks.speed.verdicts import verdicts

RESULTS = Path(__file__).parent / "results"


def measure(
    setting: Setting, options: argparse.Namespace, before: dict[str, Any]
) -> dict[str, Any]:
    """Everything that the setting's process finds; each line is told as it comes.

    ``before`` is what was measured under earlier settings.
    """
    found: dict[str, Any] = {"lines": []}
    with subprocess.Popen(
        _command(setting, options), stdout=subprocess.PIPE, text=True, env=setting.environment()
    ) as child:
        assert child.stdout is not None
        for text in child.stdout:
            [(what, record)] = json.loads(text).items()
            if what == "line":
                found["lines"].append(record)
                print(_told(setting, record, before), flush=True)
            else:
                found[what] = record
            if what == "head":
                print(f"\n{setting.name}, {record['instruction_set']}: {_reads(record)}")
    if child.returncode:
        raise SystemExit(f"{setting.name}: exit code {child.returncode}")
    return found


def _command(setting: Setting, options: argparse.Namespace) -> list[str]:
    command = [sys.executable, "-m", "benchmarks.speed.worker", "--only", options.only]
    command += ["--threads", str(setting.threads)]
    return command + ["--quick"] * options.quick + ["--peers"] * setting.with_peers


def _told(setting: Setting, line: dict[str, Any], before: dict[str, Any]) -> str:
    if setting != TWO:
        return sentence(line, OLDER if setting == AVX2 else 1.0)
    return gain_sentence(by_place(before, ONE)[place(line)], line)


def _reads(head: dict[str, Any]) -> str:
    return "; ".join(f"{way} {rate:.1f} GB/s" for way, rate in head["rates"].items())


def report(options: argparse.Namespace) -> dict[str, Any]:
    """All settings, one after another."""
    effort = QUICK if options.quick else FULL
    found: dict[str, Any] = {}
    for setting in settings():
        found[setting.name] = measure(setting, options, found)
    return {
        "machine": found[ONE.name]["head"].pop("machine"),
        "elements": effort.elements,
        "runs": effort.runs,
        "overhead": found[ONE.name].pop("overhead"),
        "settings": found,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="less of it, and nothing is written")
    parser.add_argument(
        "--only", default="", help="lines whose titles match; nothing is written", metavar="REGEX"
    )
    parser.add_argument(
        "--results", type=Path, help="where to write instead; of parts too", metavar="FOLDER"
    )
    options = parser.parse_args()
    begin = time.perf_counter()
    record = report(options)
    print("\n" + "\n".join(verdicts(record)))
    print(f"\n{time.perf_counter() - begin:.0f} s")
    folder = options.results or (None if options.quick or options.only else RESULTS)
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "speed.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        (folder / "speed.md").write_text(markdown(record), encoding="utf-8")


if __name__ == "__main__":
    main()
