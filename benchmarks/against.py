"""How long users wait today, beside a commit of before.

    python -m benchmarks.against COMMIT [--only REGEX] [--turns 5] [--seconds 0.5] [--write]

Builds the commit in an environment of its own (once: ``build/against/``) and takes turns: a process
with the commit's library, one with the library that is installed here, and so on. Each line has the
medians of both and the median of the turns' ratios, now ÷ then, with the least and the largest; and
how long peers take for the same, measured in the same process as ours of today. Do nothing else on
the machine meanwhile. ``--write`` keeps the table for the documentation.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

from benchmarks.machine import description, in_words
from benchmarks.processes import Summary, compiled

ROOT = Path(__file__).resolve().parents[1]
WORKS = Path(__file__).with_name("waits.py")
KEPT = Path(__file__).parent / "results" / "against.md"


def built(commit: str) -> Path:
    """The interpreter of the environment that holds the commit's library."""
    full = subprocess.check_output(
        ["git", "rev-parse", "--verify", f"{commit}^{{commit}}"], cwd=ROOT, text=True
    ).strip()
    folder = ROOT / "build" / "against" / full
    python = folder / "env" / "bin" / "python"
    if (folder / "done").exists():
        return python
    source = folder / "source"
    source.mkdir(parents=True, exist_ok=True)
    archive = subprocess.Popen(["git", "archive", full], cwd=ROOT, stdout=subprocess.PIPE)
    subprocess.check_call(["tar", "-x", "-C", str(source)], stdin=archive.stdout)
    # The same NumPy, PyTorch and the rest on both sides: what is here, under the commit's library.
    subprocess.check_call(
        [sys.executable, "-m", "venv", "--system-site-packages", str(folder / "env")]
    )
    here = [path for path in sys.path if path.endswith("site-packages")]
    packages = next((folder / "env" / "lib").glob("python*")) / "site-packages"
    (packages / "here.pth").write_text("\n".join(here) + "\n")
    subprocess.check_call(
        [str(python), "-m", "pip", "install", "-q", "--no-deps", "--ignore-installed", str(source)]
    )
    (folder / "done").touch()
    return python


def times(python: str, options: argparse.Namespace) -> dict[str, float]:
    """Seconds of each work, in a process of its own; with today's library, of the peers too."""
    command = [python, str(WORKS), "--only", options.only, "--seconds", str(options.seconds)]
    today = python == sys.executable
    found: dict[str, float] = json.loads(
        subprocess.check_output([*command, *["--peers"] * today], env=_environment(today=today))
    )
    return found


def _environment(*, today: bool) -> dict[str, str]:
    """Both find their modules compiled; the commit's are not those of a checkout on the path."""
    environment = compiled()
    if not today:
        environment.pop("PYTHONPATH", None)
    return environment


def table(then: list[dict[str, float]], now: list[dict[str, float]]) -> str:
    """A line for each work of today, with its peers in the last cell."""
    lines = ["| | then | now | now ÷ then | beside it |", "|---|---|---|---|---|"]
    for name in now[0]:
        if ": " in name:  # a peer, which stands in its work's line
            continue
        ours = [turn[name] for turn in now]
        cells = ["–", _median(ours), "–", _beside(name, now)]
        if name in then[0]:
            before = [turn[name] for turn in then]
            cells[0], cells[2] = _median(before), _ratio(ours, before)
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _beside(name: str, now: list[dict[str, float]]) -> str:
    """Each peer with its time, and how many times as long as the peer we take."""
    said = []
    for peer in now[0]:
        if peer.endswith(f": {name}"):
            ratio = Summary.of([turn[name] / turn[peer] for turn in now]).median
            who, time = peer.partition(": ")[0], _median([turn[peer] for turn in now])
            said.append(f"{who} {time} (ours {ratio:.2f} ×)")
    return "; ".join(said) or "–"


def _median(seconds: list[float]) -> str:
    return told_time(Summary.of(seconds).median)


def _ratio(above: list[float], below: list[float]) -> str:
    ratio = Summary.of([a / b for a, b in zip(above, below, strict=True)])
    low, high = map(_two_digits, (ratio.low, ratio.high))
    return f"{_two_digits(ratio.median)} ({low} to {high})"


def _two_digits(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio >= 0.1 else f"{ratio:.2g}"


def kept(table: str, commit: str, options: argparse.Namespace) -> str:
    """The table as the documentation includes it."""
    machine = in_words(description())
    return f"""## What users wait for, before and now

Best of the calls of half a second or so, of {options.turns} turns the median: *then* is commit
{commit}, *now* this one. *Beside it*: what users of other libraries write for the same, in the same
process as ours of today; above 1 × the peer is ahead.

Measured on: {machine}

{table}
"""


def told_time(seconds: float) -> str:
    """Seconds in a unit that suits them."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-6:.3g} µs"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("commit")
    parser.add_argument("--only", default="", help="works whose name matches", metavar="REGEX")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.5, help="for each work and turn")
    parser.add_argument("--write", action="store_true", help=f"keep the table in {KEPT.name}")
    options = parser.parse_args()
    before = str(built(options.commit))
    sides: tuple[list[dict[str, float]], list[dict[str, float]]] = ([], [])
    for turn in range(options.turns):
        for side, python in zip(sides, (before, sys.executable), strict=True):
            side.append(times(python, options))
        print(f"turn {turn + 1} of {options.turns}", file=sys.stderr)
    found = table(*sides)
    print(found)
    if options.write:
        KEPT.write_text(kept(found, options.commit, options), encoding="utf-8")


if __name__ == "__main__":
    main()
