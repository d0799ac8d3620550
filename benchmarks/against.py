"""How long users wait today, beside a commit of before.

    python -m benchmarks.against COMMIT [--only REGEX] [--turns 5] [--seconds 0.5]

Builds the commit in an environment of its own (once: ``build/against/``) and takes turns: a process
with the commit's library, one with the library that is installed here, and so on. Each line has the
medians of both and the median of the turns' ratios, now ÷ then, with the least and the largest. Do
nothing else on the machine meanwhile.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from benchmarks.processes import Summary

ROOT = Path(__file__).resolve().parents[1]
WORKS = Path(__file__).with_name("waits.py")


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
    """Seconds of each work, in a process of its own."""
    command = [python, str(WORKS), "--only", options.only, "--seconds", str(options.seconds)]
    environment = os.environ if python == sys.executable else _without_own_path()
    found: dict[str, float] = json.loads(subprocess.check_output(command, env=environment))
    return found


def _without_own_path() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def table(then: list[dict[str, float]], now: list[dict[str, float]]) -> str:
    """A line for each work that both sides know."""
    lines = ["| | then | now | now ÷ then |", "|---|---|---|---|"]
    for name in now[0]:
        if name not in then[0]:
            lines.append(f"| {name} | – | {_time(Summary.of([t[name] for t in now]).median)} | – |")
            continue
        ratio = Summary.of([b[name] / a[name] for a, b in zip(then, now, strict=True)])
        sides = [Summary.of([turn[name] for turn in side]).median for side in (then, now)]
        said = f"{ratio.median:.2f} ({ratio.low:.2f} to {ratio.high:.2f})"
        lines.append(f"| {name} | {_time(sides[0])} | {_time(sides[1])} | {said} |")
    return "\n".join(lines)


def _time(seconds: float) -> str:
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
    options = parser.parse_args()
    before = str(built(options.commit))
    sides: tuple[list[dict[str, float]], list[dict[str, float]]] = ([], [])
    for turn in range(options.turns):
        for side, python in zip(sides, (before, sys.executable), strict=True):
            side.append(times(python, options))
        print(f"turn {turn + 1} of {options.turns}", file=sys.stderr)
    print(table(*sides))


if __name__ == "__main__":
    main()
