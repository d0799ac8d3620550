"""The page of an evaluation in a real browser: drawn, sorted, searched, printed, read aloud."""

from __future__ import annotations

import re
from dataclasses import replace

import page_cases as cases
import pytest
from axe_playwright_python.sync_playwright import Axe

PHONE = {"viewport": {"width": 390, "height": 844}}
DARK_PHONE = PHONE | {"color_scheme": "dark"}

#: Opens all that can be folded, or closes it.
SET_DETAILS = """(open) => {
  for (const part of document.querySelectorAll("details")) part.open = open;
}"""

DRAWN = """() => Object.fromEntries([...document.querySelectorAll("[data-chart]")].map((chart) =>
  [chart.dataset.chart, chart.querySelectorAll("svg .mark-group path, svg .mark-rect path, "
    + "svg .mark-symbol path, svg .mark-text text").length]))"""

COLUMN = """([table, place]) => [...document.querySelectorAll(`#${table} tbody tr`)]
  .filter((row) => !row.hidden).map((row) => row.cells[place].textContent)"""

#: Colours as the browser shows them, charts and variables included.
COLOURS = """(selector) => [...document.querySelectorAll(selector)].map((one) => {
  const style = getComputedStyle(one);
  return [style.color, style.backgroundColor, style.fill];
})"""


def column(page, table, place):
    return page.evaluate(COLUMN, [table, place])


def serious(page) -> list[str]:
    """What axe-core holds serious or critical, as lines."""
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {one['nodes'][0]['html']}"
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


def test_every_chart_is_drawn_and_every_section_is_there(shared_page):
    page = shared_page(cases.digits())
    drawn = page.evaluate(DRAWN)
    assert set(drawn) == {
        "ledger", "confidence-confidence", "confidence-class", "calibration", "histogram",
        "slices-0", "confusion",
    }  # fmt: skip
    assert all(count >= 6 for count in drawn.values()), drawn
    assert page.locator("h1").count() == 1
    assert "it is over-confident" in page.locator(".headline").inner_text()
    for link in page.locator("nav a").all():
        assert page.locator(link.get_attribute("href")).count() == 1
    made = page.locator("footer").inner_text()
    assert "Evaluation.to_html" in made
    assert re.search(r"SHA-256[^\n]*\n[0-9a-f]{64}\n", made)


def test_the_waterfall_ends_at_the_cross_entropy(shared_page):
    result = cases.digits()
    page = shared_page(result)
    words = page.locator("#chart-ledger svg .mark-text text").all_text_contents()
    assert f"{result.cross_entropy.value:.4f}" in words
    bars = page.locator("#chart-ledger svg .mark-rect path").count()
    assert bars == page.locator("#numbers-ledger tbody tr").count()


def test_the_curve_of_a_class_can_be_chosen(shared_page):
    page = shared_page(cases.digits())
    line = page.locator("#chart-calibration svg .mark-line path").last
    before = line.get_attribute("d")
    choice = page.locator("#choice-calibration select")
    choice.select_option(label="class 3")
    page.wait_for_function(
        "([before]) => [...document.querySelectorAll('#chart-calibration svg .mark-line path')]"
        ".at(-1).getAttribute('d') !== before",
        arg=[before],
    )


def test_a_mark_says_its_numbers(shared_page):
    page = shared_page(cases.digits())
    page.locator("#chart-confidence-class svg .role-mark.mark-symbol path").first.hover()
    tip = page.locator("#vg-tooltip-element.visible")
    assert "accuracy" in tip.inner_text()


def test_worst_rows_are_sorted_by_keyboard(shared_page):
    page = shared_page(cases.digits())
    table = "worst-table-1"
    header = page.locator(f"#{table} th", has_text="confidence")
    place = [text.strip() for text in page.locator(f"#{table} thead th").all_inner_texts()].index(
        "confidence"
    )
    header.get_by_role("button").focus()
    page.keyboard.press("Enter")
    assert header.get_attribute("aria-sort") == "descending"
    down = [float(text.removesuffix(" %")) for text in column(page, table, place)]
    assert down == sorted(down, reverse=True)
    assert len(set(down)) > 10
    page.keyboard.press("Space")
    assert header.get_attribute("aria-sort") == "ascending"
    up = [float(text.removesuffix(" %")) for text in column(page, table, place)]
    assert up == sorted(up)


def test_numbers_are_sorted_as_numbers_and_infinity_is_the_largest(shared_page):
    page = shared_page(cases.infinite())
    page.locator("#slices-table-1 th", has_text="bits a row").get_by_role("button").click()
    costs = column(page, "slices-table-1", 3)
    assert costs[0] == "inf"
    assert len(costs) == 2


def test_rows_are_searched(shared_page):
    page = shared_page(cases.digits())
    page.get_by_label("Search “Worst rows”").fill("1660")
    assert column(page, "worst-table-1", 0) == ["1660"]
    assert "1 of 30" in page.locator("#found-worst-table-1").inner_text()
    page.get_by_label("Search “Worst rows”").fill("")
    assert len(column(page, "worst-table-1", 0)) == 30


def test_hostile_names_stay_text(opened_page):
    page = opened_page(cases.hostile())
    assert page.title() == "How surprised was the model?"
    assert page.locator("main img, main script, main svg[onload]").count() == 0
    assert page.locator("script").count() == 3
    shown = page.locator("body").inner_text()
    for name in cases.HOSTILE[:5]:
        assert name[:24] in shown
    assert "{{ 7 * 7 }}" in shown
    marks = page.locator("#chart-slices-0 svg .role-mark.mark-symbol path")
    for index in range(marks.count()):
        marks.nth(index).hover()
    assert page.locator("#vg-tooltip-element *:not(table, tbody, tr, td)").count() == 0
    page.locator("#choice-calibration select").select_option(index=2)
    assert page.title() == "How surprised was the model?"


def test_what_is_infinite_is_a_word(shared_page):
    page = shared_page(cases.infinite())
    assert "infinite" in page.locator(".headline").inner_text()
    for chart in ("ledger", "slices-0", "confidence-class"):
        words = page.locator(f"#chart-{chart} svg .role-mark.mark-text text").all_text_contents()
        assert any("infinite" in word for word in words)


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({}, id="light desk"),
        pytest.param(DARK_PHONE, id="dark phone"),
        pytest.param({"color_scheme": "dark"}, id="dark desk", marks=pytest.mark.thorough),
        pytest.param(PHONE, id="light phone", marks=pytest.mark.thorough),
    ],
)
def test_nothing_serious_stands_in_the_way_of_anyone(shared_page, settings):
    page = shared_page(cases.digits(), **settings)
    page.evaluate(SET_DETAILS, True)
    assert serious(page) == []
    page.evaluate(SET_DETAILS, False)


def test_charts_are_dark_where_the_page_is(shared_page):
    path = "#chart-histogram svg .mark-rect path"
    light = shared_page(cases.digits())
    dark = shared_page(cases.digits(), **DARK_PHONE)
    for page, background, bar in (
        (light, "rgb(255, 255, 255)", "rgb(47, 98, 163)"),
        (dark, "rgb(20, 23, 27)", "rgb(134, 180, 238)"),
    ):
        assert page.evaluate(COLOURS, "body")[0][1] == background
        assert page.evaluate(COLOURS, path)[0][2] == bar


def test_a_dark_page_is_printed_light_and_whole(opened_page):
    page = opened_page(cases.digits(), color_scheme="dark")
    page.emulate_media(media="print")
    assert page.evaluate(COLOURS, "body")[0][1] == "rgb(255, 255, 255)"
    assert not page.locator("nav").is_visible()
    assert not page.locator("input").first.is_visible()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details.terms").first.get_attribute("open") is not None
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details.terms").first.get_attribute("open") is None
    assert page.pdf(format="A4").startswith(b"%PDF")


def test_a_phone_is_never_scrolled_sideways(opened_page):
    page = opened_page(cases.hostile(), **PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    wide = page.evaluate(
        "[...document.querySelectorAll('svg.marks')]"
        ".map((one) => one.getBoundingClientRect().right)"
    )
    assert sorted(wide)[-2] <= 390  # the confusion table alone is scrolled within its frame


def test_only_what_is_wider_than_the_screen_is_a_stop_of_the_keyboard(shared_page):
    stops = ".scroll[tabindex]:visible"
    assert shared_page(cases.digits()).locator(stops).count() == 0
    page = shared_page(cases.digits(), **DARK_PHONE)
    assert page.locator(stops).count() > 0
    assert page.locator("#worst-table-1").locator("..").get_attribute("tabindex") == "0"


def test_a_page_is_small_whatever_the_input(opened_page, page_file):
    result = cases.largest()
    page = opened_page(result)
    assert page_file(result).stat().st_size <= 2_000_000
    assert all(page.evaluate(DRAWN).values())


def test_every_figure_leads_to_its_definition(shared_page):
    page = shared_page(cases.digits())
    links = page.locator(".cards dt a, #figures-table-1 tbody th a")
    assert links.count() == page.locator(".cards dt, #figures-table-1 tbody tr").count()
    for link in links.all():
        assert page.locator(link.get_attribute("href")).count() == 1
    page.locator("#figures-table-1 a", has_text="= cross-entropy").click()
    target = page.locator("#define-cross_entropy")
    page.wait_for_function(
        "one => one.getBoundingClientRect().top < innerHeight", arg=target.element_handle()
    )
    assert "Also called: log loss, negative log-likelihood (NLL)" in target.inner_text()


def test_what_is_small_is_still_to_be_seen(opened_page):
    result = cases.digits()
    ledger = result.ledger
    (taken,) = [one for one in ledger.recalibrations if one is ledger.recalibration]
    little = replace(taken.miscalibration, value=-0.0005)
    rest = replace(taken.discrimination, value=ledger.label_entropy.value
                   - ledger.cross_entropy.value + little.value)  # fmt: skip
    changed = replace(taken, miscalibration=little, discrimination=rest)
    recalibrations = tuple(changed if one is taken else one for one in ledger.recalibrations)
    page = opened_page(replace(result, ledger=replace(ledger, recalibrations=recalibrations)))
    words = page.locator("#chart-ledger svg .mark-text text").all_text_contents()
    assert "−0.0005" in words
    edges = page.locator("#chart-ledger svg .mark-rect path").evaluate_all(
        "all => all.map((one) => getComputedStyle(one)).map((one) => [one.stroke, one.strokeWidth])"
    )
    assert len(edges) == 7
    assert all(color != "none" and float(width.removesuffix("px")) >= 2 for color, width in edges)
