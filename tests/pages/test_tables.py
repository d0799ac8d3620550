"""Tables of pages: scrolled within themselves, with a cue, and what decides always in view."""

from __future__ import annotations

import numpy as np
import page_cases as cases
import pytest
from page_cases import compared, compared_by_site, models
from test_evaluation_page import PHONE, column

import unsurprised as us

WIDE, TABLET = {}, {"viewport": {"width": 900, "height": 900}}

#: Whether a header stands within the frame of its table, the whole of it and above all others.
IN_VIEW = """([table, name]) => {
  const header = [...document.querySelectorAll(`#${table} thead th`)]
    .find((one) => one.textContent === name);
  const frame = header.closest(".scroll").getBoundingClientRect();
  const {left, right, top} = header.getBoundingClientRect();
  const above = document.elementFromPoint((left + right) / 2, top + 3);
  return left >= frame.left - 1 && right <= frame.right + 1 && header.contains(above);
}"""
SCROLL = """([table, left]) => {
  const frame = document.getElementById(table).closest(".scroll");
  frame.scrollIntoView({behavior: "instant"});
  frame.scrollLeft = left;
  frame.dispatchEvent(new Event("scroll"));
}"""


def hint(page, table):
    return page.locator(f".scroll:has(> #{table})").locator("xpath=preceding-sibling::*[1]")


@pytest.mark.parametrize("size", [TABLET, PHONE], ids=["tablet", "phone"])
@pytest.mark.parametrize(
    ("table", "decides"),
    [("classes-0-table-1", "verdict"), ("rows-0-table-1", "new − base, bits")],
)
def test_what_decides_stays_in_view(shared_page, size, table, decides):
    page = shared_page(compared(), **size)
    for left in (0, 10_000):
        page.evaluate(SCROLL, [table, left])
        assert page.evaluate(IN_VIEW, [table, decides]), left


def test_the_first_column_stays_beside_it(shared_page):
    page = shared_page(compared(), **PHONE)
    page.evaluate(SCROLL, ["classes-0-table-1", 10_000])
    assert page.evaluate(IN_VIEW, ["classes-0-table-1", "class"])
    assert page.evaluate(IN_VIEW, ["classes-0-table-1", "rows"])
    assert not page.evaluate(IN_VIEW, ["classes-0-table-1", "bits a row"])


def test_names_too_long_to_stay_leave_room_for_numbers(opened_page):
    page = opened_page(cases.hostile(), **PHONE)
    frame = page.locator("#slices-table-1").locator("..").bounding_box()
    first = page.locator("#slices-table-1 thead th").first.bounding_box()
    assert first["width"] < 0.5 * frame["width"]
    page.evaluate(SCROLL, ["slices-table-1", 10_000])
    assert page.evaluate(IN_VIEW, ["slices-table-1", "rows"])


def test_a_cue_says_where_there_is_more(opened_page):
    page = opened_page(compared(), **PHONE)
    table = "classes-0-table-1"
    assert hint(page, table).inner_text() == "scroll for more →"
    frame = page.locator(f".scroll:has(> #{table})")
    assert frame.get_attribute("data-beyond") == "right"
    shadow = "one => getComputedStyle(one).boxShadow"
    assert "inset" in frame.evaluate(shadow)
    page.evaluate(SCROLL, [table, 10_000])
    page.wait_for_function(
        "one => one.dataset.beyond === 'left'", arg=frame.element_handle()
    )  # fmt: skip
    assert not hint(page, table).is_visible()
    assert frame.evaluate(shadow) == "none"


def test_there_is_no_cue_where_all_is_in_view(shared_page):
    page = shared_page(compared())
    assert page.locator(".beyond:visible").count() == 0
    assert page.locator(".scroll[data-beyond]:not([data-beyond=''])").count() == 0


def test_in_print_nothing_is_scrolled(opened_page):
    page = opened_page(compared(), **PHONE)
    page.emulate_media(media="print")
    assert page.locator(".beyond:visible").count() == 0
    header = page.locator("#classes-0-table-1 thead th").first
    assert header.evaluate("one => getComputedStyle(one).position") == "static"


def test_every_search_has_a_name_of_its_own(opened_page):
    labels, base, new = models()
    site = np.resize(["north", "south"], len(labels))
    result = us.compare(labels, {"a": base, "b": new, "c": base}, by={"site": site})
    page = opened_page(result)
    fields = page.locator("input[type=search]")
    names = [
        page.locator(f"label[for={field.get_attribute('id')}]").text_content()
        for field in fields.all()
    ]
    assert len(names) >= 6
    assert len({*names}) == len(names)
    tables = page.locator("[role=group]").evaluate_all(
        "all => all.map((one) => one.getAttribute('aria-label'))"
    )
    assert len({*tables}) == len(tables)
    page.get_by_label("Search “All slices” of “Where do they differ? b against a”").fill("north")
    assert column(page, "slices-0-table-1", 0) == ["site = north"]


def test_slices_are_advised_where_there_are_some(opened_page):
    with_slices = opened_page(compared_by_site()).locator(".advice").all_inner_texts()
    assert "slices" in " ".join(with_slices)
    without = opened_page(us.compare(*models(), top=0)).locator(".advice").all_inner_texts()
    assert without
    assert "slice" not in " ".join(without)
    assert "Look at the classes below" in " ".join(without)
