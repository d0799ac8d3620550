"""The page of a calibration in a real browser."""

from __future__ import annotations

import page_cases as cases
from test_evaluation_page import DRAWN, serious

import unsurprised as us


def test_a_calibration_has_its_page(opened_page):
    result = us.calibrate(cases.EXAMPLES / "digits.parquet", methods=["temperature", "mixing"])
    page = opened_page(result)
    assert page.evaluate(DRAWN)["trials"] >= 2
    cards = page.locator(".cards .value").all_inner_texts()
    assert cards[0] == f"{result.cross_entropy.value:.4f} bits"
    assert page.locator("#numbers-trials tbody tr").count() == 2
    assert f"Take {result.method}" in page.locator(".advice").inner_text()
    assert serious(page) == []
