"""The guide's page has every key of the JSON."""

from __future__ import annotations

import re
from pathlib import Path

from unsurprised.explanation import Explanation

PAGE = (Path(__file__).parents[2] / "docs" / "guide" / "explain.md").read_text(encoding="utf-8")


def first_cells(heading: str) -> list[str]:
    """The names in the first column of the table below a heading."""
    table = PAGE.partition(heading)[2].partition("\n\n## ")[0].partition("\n\nEach outcome")[0]
    cells = re.findall(r"^\| (`[^|]*?`) \|", table.replace("\\|", "/"), re.MULTILINE)
    return [name for cell in cells for name in re.findall(r"`([a-z_]+)`", cell)]


def test_the_page_has_every_key():
    schema = Explanation.json_schema()
    assert first_cells("## The JSON") == list(schema["properties"])
    assert set(first_cells("Each outcome holds")) == set(schema["$defs"]["outcome"]["properties"])
    for key in schema["$defs"]["smoothing"]["properties"]:
        assert f"`{key}`" in PAGE.partition("| `smoothing` |")[2].partition("\n")[0]
