"""The walk of one row through the house, drawn from a run: ``python docs/walk.py walk.svg``.

A file of one row is evaluated and shown as a page, and every module that the row comes to is
written down at its first call. Lanes are packages, from left to right in the order of the
contract on imports (``pyproject.toml``); time goes down.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import tomllib
from collections.abc import Callable
from html import escape
from pathlib import Path
from types import FrameType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

import unsurprised as us
from unsurprised import _kernels

#: Tools that are at hand everywhere, and no station of a row.
ASIDE = {"alone", "copies", "errors", "float_errors", "portable", "threads", "units", "weights"}
HOUSE = Path(us.__file__).parent
LINE, LANE, TOP, MARGIN = 22, 118, 64, 20
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #1c2733;
  paint-order: stroke; stroke: #fff; stroke-width: 4px }
.lane { font-weight: 600; text-anchor: middle } .module { font-weight: 600 }
.guide { stroke: #c9d3dd } .way { fill: none; stroke: #2a6fb0; stroke-width: 1.5 }
circle { fill: #2a6fb0 } rect { fill: #fff }
"""


def walk(call: Callable[[], object]) -> list[tuple[str, str, str]]:
    """The package, module and function of each first call into a module, in order."""
    stations: dict[tuple[str, str], str] = {}

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event != "call" or not frame.f_code.co_filename.startswith(f"{HOUSE}/"):
            return
        path = Path(frame.f_code.co_filename).relative_to(HOUSE).with_suffix("")
        name = frame.f_code.co_qualname
        plain = name.removesuffix(".__init__")
        if not any(part.startswith(("_", "<")) for part in plain.split(".")):
            stations.setdefault((path.parts[0], "/".join(path.parts[1:]) or path.name), plain)

    def noting(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*args: Any, **options: Any) -> Any:
            stations.setdefault(("kernels", name), "")
            return function(*args, **options)

        return noted

    # What C++ binds is no call that a profile sees.
    functions = {name: one for name, one in vars(_kernels).items() if "nb_func" in repr(type(one))}
    vars(_kernels).update({name: noting(name, one) for name, one in functions.items()})
    threading.setprofile(note)
    sys.setprofile(note)
    try:
        call()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)  # type: ignore[arg-type]
        vars(_kernels).update(functions)
    return [
        (package, module, name)
        for (package, module), name in stations.items()
        if package not in ASIDE and not module.startswith("_")
    ]


def lanes(contract: Path) -> list[str]:
    """Packages from the lowest to the highest, kernels first."""
    (layers, *_) = (
        one["layers"]
        for one in tomllib.loads(contract.read_text())["tool"]["importlinter"]["contracts"]
        if one["type"] == "layers"
    )
    return ["kernels", *(name for layer in reversed(layers) for name in layer.split(" | "))]


def drawn(stations: list[tuple[str, str, str]], order: list[str]) -> str:
    """The picture, as SVG."""
    met = {package for package, _, _ in stations}
    columns = {name: at for at, name in enumerate(name for name in order if name in met)}
    width = MARGIN * 2 + LANE * (len(columns) + 2)
    height = TOP + LINE * (len(stations) + 1)
    at = {name: MARGIN + LANE // 2 + LANE * column for name, column in columns.items()}
    ways = [(at[package], TOP + LINE * row) for row, (package, _, _) in enumerate(stations)]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="The modules that one row comes to, in order"><style>{STYLE}</style>',
        f'<rect width="{width}" height="{height}"/>',
    ]
    for name, x in at.items():
        parts.append(f'<text class="lane" x="{x}" y="{TOP - 30}">{escape(name)}</text>')
        parts.append(f'<path class="guide" d="M{x} {TOP - 20}V{height - 10}"/>')
    parts.append(f'<path class="way" d="M{"L".join(f"{x} {y}" for x, y in ways)}"/>')
    for (x, y), (_, module, name) in zip(ways, stations, strict=True):
        said = f'<tspan class="module">{escape(module)}</tspan> {escape(name)}'
        parts.append(
            f'<circle cx="{x}" cy="{y}" r="4"/><text x="{x + 9}" y="{y + 4}">{said}</text>'
        )
    return "\n".join([*parts, "</svg>\n"])


def draw(out: Path) -> None:
    """Run, and write the picture."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "predictions.parquet")
        pq.write_table(pa.table({"label": ["cat"], "p_cat": [0.25], "p_dog": [0.75]}), file)
        page = Path(folder, "page.html")
        us.evaluate(file).to_html(Path(folder, "first.html"))  # so that imports are no stations
        stations = walk(lambda: us.evaluate(file).to_html(page))
    out.write_text(drawn(stations, lanes(Path(__file__).parents[1] / "pyproject.toml")))


if __name__ == "__main__":
    draw(Path(sys.argv[1]))
