"""The page of a comparison in a real browser."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import page_cases as cases
from page_cases import models
from test_evaluation_page import DRAWN, PHONE, serious

import unsurprised as us


def test_a_comparison_has_its_page(opened_page):
    result = cases.compared_by_site()
    page = opened_page(result)
    drawn = page.evaluate(DRAWN)
    assert drawn["difference-0"] >= 3
    assert drawn["by-slice-0"] >= 2
    assert "new is better than base" in page.locator("h1, .headline").all_inner_texts()[-1]
    cards = page.locator(".cards .value").all_inner_texts()
    assert cards == [f"{model.cross_entropy.value:.4f} bits" for model in result.models]
    assert page.locator("#numbers-difference-0 tbody tr").count() == 3
    assert serious(page) == []


def test_a_comparison_of_several_models_and_hostile_names(opened_page):
    labels, base, new = models()
    names = cases.HOSTILE[:3]
    given = dict(zip(names, (base, new, base), strict=True))
    site = np.resize(np.array(cases.HOSTILE[:4], dtype=str), len(labels))
    page = opened_page(us.compare(labels, given))
    assert page.locator("section").count() >= 4
    assert page.locator("main img, main script, main svg[onload]").count() == 0
    shown = page.locator("body").inner_text()
    assert names[1][:20] in shown
    sliced = opened_page(us.compare(labels, base, new, by={"<b>site</b>": site}))
    assert sliced.locator("main img, main script, main svg[onload], main b").count() == 0


def test_infinite_differences_are_words(opened_page):
    labels, base, new = models()
    broken = new.copy()
    broken[0] = np.eye(10)[(labels[0] + 1) % 10]
    page = opened_page(us.compare(labels, base, broken))
    assert "it is infinitely worse" in page.locator("body").inner_text()


def test_long_names_of_models_fit_a_phone(opened_page):
    labels, base, new = models()
    given = dict(zip(cases.HOSTILE[:2], (base, new), strict=True))
    page = opened_page(us.compare(labels, given), **PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert serious(page) == []


def test_a_page_of_many_models_is_small(opened_page, page_file):
    found = cases.compared_by_site()
    pair = found.differences[0]
    wide = replace(
        pair,
        slices=tuple(
            replace(part, column="<&" * 300, value=f"{number}" + "<&" * 300)
            for number in range(200)
            for part in pair.slices
        ),
        most_worse=pair.most_worse * 50,
        most_better=pair.most_better * 50,
    )
    several = tuple(
        replace(model, name=f"{number}" + model.name)
        for number in range(500)
        for model in found.models
    )
    result = replace(found, differences=(wide,) * 20, models=several)
    opened_page(result)
    assert page_file(result).stat().st_size <= 2_000_000
