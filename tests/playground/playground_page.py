"""What a test does with ``docs/playground.html``, and what it reads there."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

PAGE = Path(__file__).parents[2] / "docs" / "playground.html"

READ = """() => Object.fromEntries(
  [...document.querySelectorAll("[id][data-value]")].map((one) => [one.id, one.dataset.value])
)"""

GO = f"""(address) => new Promise((done) => {{
  addEventListener("hashchange", () => done(({READ})()), {{ once: true }});
  location.hash = address;
}})"""


def address(p: Any, q: Any, **more: Any) -> str:
    """The part of the page's address that says what it shows."""
    rows = {"p": ",".join(repr(float(x)) for x in p), "q": ",".join(repr(float(x)) for x in q)}
    if "names" in more:
        more["names"] = ",".join(quote(name, safe="") for name in more["names"])
    return "#" + "&".join(f"{key}={value}" for key, value in (rows | more).items())


class Playground:
    """The page, opened."""

    def __init__(self, page: Any, complaints: list[str]) -> None:
        self.page, self.complaints = page, complaints

    def open(self, where: str = "") -> dict[str, float]:
        """Load the page anew."""
        self.page.goto("about:blank")
        self.page.goto(PAGE.as_uri() + where)
        return self.values()

    def go(self, where: str) -> dict[str, float]:
        """Follow another link while the page is open."""
        return _floats(self.page.evaluate(GO, where))

    def values(self) -> dict[str, float]:
        """Every number that it says, to the last digit, by the element's id."""
        return _floats(self.page.evaluate(READ))

    def rows(self) -> tuple[list[float], list[float]]:
        """P, and Q as it is used: smoothed where that is switched on."""
        values = self.values()
        count = sum(name.startswith("length-p-") for name in values)
        p, q = ([values[f"{side}-{i}-used"] for i in range(count)] for side in "pq")
        return p, q

    def text(self, name: str) -> str:
        """What stands in the element with this id."""
        return self.page.locator(f"#{name}").inner_text()

    def drag(self, bar: str, *places: float) -> None:
        """Take a bar with the mouse where it stands, and let it go at the last of ``places``."""
        box = self.page.locator(f"#{bar}").bounding_box()
        height = box["y"] + box["height"] / 2
        self.page.mouse.move(box["x"] + box["width"] * self.values()[bar], height)
        self.page.mouse.down()
        for place in places:
            self.page.mouse.move(box["x"] + box["width"] * place, height, steps=3)
        self.page.mouse.up()


def _floats(values: dict[str, str]) -> dict[str, float]:
    return {name: float(value.replace("Infinity", "inf")) for name, value in values.items()}
