"""The pages of checks, explanations and accounts in a real browser."""

from __future__ import annotations

from functools import cache

import numpy as np
import page_cases as cases
import pytest
from test_evaluation_page import DRAWN, PHONE, serious

import unsurprised as us


@cache
def check():
    generator = np.random.default_rng(3)
    right = generator.random(600)
    happened = (generator.random(600) < right).astype(int)
    groups = {cases.HOSTILE[1]: np.resize(np.array(cases.HOSTILE[:3], dtype=str), 600)}
    return us.check(happened, right, np.sqrt(right), max_bits=0.9, by=groups)


@cache
def explanation():
    return us.explain([0.5, 0.5], [0.0, 1.0], names=list(cases.HOSTILE[:2]))


@cache
def account():
    return us.coding.encode(b"abracadabra" * 99).account


PAGES = {
    "findings": (check, 2),
    "lengths": (explanation, 3),
    "account": (account, 7),
}


@pytest.mark.parametrize("chart", PAGES)
@pytest.mark.parametrize("settings", [{}, PHONE], ids=["wide", "phone"])
def test_the_chart_is_drawn_and_nothing_runs(shared_page, chart, settings):
    make, marks = PAGES[chart]
    page = shared_page(make(), **settings)
    assert page.evaluate(DRAWN)[chart] >= marks
    assert page.locator("main img, main script, main svg[onload]").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert serious(page) == []


@pytest.mark.parametrize(
    ("chart", "decides", "place"),
    [("findings", "outcome", 1), ("lengths", "what it adds, bits: KL(P‖Q)", 3)],
)
def test_what_decides_stands_before_the_details(shared_page, chart, decides, place):
    page = shared_page(PAGES[chart][0]())
    names = page.locator(f"#numbers-{chart} thead th").all_text_contents()
    assert names.index(decides) == place
    assert page.locator(f"#numbers-{chart}").get_attribute("data-keeps")


def test_a_check_without_a_base_or_slices_advises_of_neither(opened_page):
    generator = np.random.default_rng(3)
    right = generator.random(600)
    happened = (generator.random(600) < right).astype(int)
    alone = opened_page(us.check(happened, right, max_bits=0.1)).locator(".advice").inner_text()
    assert "evaluate" in alone
    assert "compare" not in alone
    result = us.check(happened, right, np.sqrt(right))
    beside = opened_page(result).locator(".advice").inner_text()
    assert "shows the rows on which" in beside
