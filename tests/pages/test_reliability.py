"""Reliability diagrams side by side: before and after, and of two models."""

from __future__ import annotations

from dataclasses import replace

import page_cases as cases
import pytest
from page_cases import calibrated, compared, models
from test_evaluation_page import DARK_PHONE, DRAWN, PHONE, SET_DETAILS, serious

import unsurprised as us

LINES = """() => [...document.querySelectorAll("[data-chart^=reliability]")].map((chart) =>
  [...chart.querySelectorAll("svg .mark-line path")].at(-1).getAttribute("d"))"""


@pytest.mark.parametrize("make", [calibrated, compared])
def test_one_choice_is_that_of_both(shared_page, make):
    page = shared_page(make())
    drawn = page.evaluate(DRAWN)
    assert drawn["reliability-0"] >= 6
    assert drawn["reliability-1"] >= 6
    before = page.evaluate(LINES)
    assert page.locator("[id^=choice-reliability] select").count() == 1
    page.locator("#choice-reliability-0 select").select_option(label="class 8")
    page.wait_for_function(
        f"before => ({LINES})().every((line, place) => line !== before[place])", arg=before
    )


@pytest.mark.parametrize(
    ("make", "settings"),
    [
        pytest.param(calibrated, {}, id="calibrated, wide"),
        pytest.param(compared, DARK_PHONE, id="compared, dark phone"),
        pytest.param(calibrated, DARK_PHONE, id="calibrated, dark", marks=pytest.mark.thorough),
        pytest.param(compared, {}, id="compared, wide", marks=pytest.mark.thorough),
    ],
)
def test_nothing_serious_stands_in_the_way_of_anyone(shared_page, make, settings):
    page = shared_page(make(), **settings)
    page.evaluate(SET_DETAILS, True)
    assert serious(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_they_stand_side_by_side_and_on_a_phone_below_each_other(shared_page):
    def corners(page):
        return [
            page.locator(f"figure:has(#chart-reliability-{place})").bounding_box()
            for place in (0, 1)
        ]

    for size in ({}, {"viewport": {"width": 900, "height": 900}}):
        left, right = corners(shared_page(compared(), **size))
        assert left["y"] == right["y"]
        assert left["x"] + left["width"] <= right["x"]
    above, below = corners(shared_page(compared(), **DARK_PHONE))
    assert above["y"] + above["height"] <= below["y"]


def test_errors_before_and_after_stand_in_a_table(shared_page):
    result = calibrated()
    page = shared_page(result)
    rows = page.locator("#reliability-table-1 tbody tr")
    assert rows.count() == 11
    cells = rows.first.locator("th, td").all_inner_texts()
    errors = [curves[0].error for curves in (result.reliability_before, result.reliability_after)]
    assert cells[1:3] == [f"{100 * error:.2f} %" for error in errors]


def test_a_calibration_says_which_classes_moved(shared_page):
    result = calibrated()
    page = shared_page(result)
    assert page.evaluate(DRAWN)["classes"] >= 20
    said = page.locator("section[aria-labelledby=classes]").inner_text()
    better = sum(part.stands_out and part.saved.value > 0 for part in result.by_class)
    assert f"of 10 classes, {better} cost less than before and 0 more" in said
    assert page.locator("#numbers-classes tbody tr").count() == 10


def test_nothing_is_set_beside_where_nothing_helps(opened_page):
    labels, _, new = models()
    page = opened_page(replace(us.calibrate(labels, new), reliability_after=(), by_class=()))
    assert page.locator("[data-chart^=reliability]").count() == 1
    assert page.locator("#classes").count() == 0


@pytest.mark.parametrize("make", ["calibrate", "compare"])
def test_hostile_names_of_classes_stay_text(opened_page, make):
    labels, base, new = models()
    given = {"classes": cases.HOSTILE, "normalize": True}
    made = {
        "calibrate": lambda: us.calibrate(labels, base, methods=["temperature"], **given),
        "compare": lambda: us.compare(labels, base, new, **given),
    }
    page = opened_page(made[make](), **PHONE)
    assert page.locator("main img, main script, main svg[onload]").count() == 0
    page.locator("#choice-reliability-0 select").select_option(index=2)
    assert page.title() != "owned"
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert cases.HOSTILE[0] in page.locator("body").inner_text()
