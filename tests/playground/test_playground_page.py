"""The page itself: on a phone, in the dark, with a hostile link, without a network."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playground_page import PAGE, Playground, address

Open = Callable[..., Playground]

SIX = address([0.3, 0.2, 0.1, 0.1, 0.2, 0.1], [0, 0.2, 0.3, 0.1, 0.3, 0.1])
LONG = address([0.5, 0.5], [0.1, 0.9], names=["W" * 24, "i" * 24])
TINY = address([1e-300, 1], [1, 1e-300])

MARKUP = "<img src=x onerror=alert(1)>"


@pytest.mark.parametrize("where", [SIX, SIX + "&smooth=0.00001", LONG, TINY])
def test_nothing_scrolls_sideways(opened: Open, where: str) -> None:
    page = opened(where, viewport={"width": 320, "height": 740}).page
    for width in (320, 360, 768, 1200):
        page.set_viewport_size({"width": width, "height": 740})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_bill_stays_in_sight_on_a_phone(opened: Open) -> None:
    page = opened(SIX, viewport={"width": 360, "height": 740})
    box = page.page.locator("#glance").bounding_box()
    assert box["y"] + box["height"] <= 741
    assert page.text("glance") == "H 2.4464 + KL ∞ = CE ∞"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast(opened: Open, scheme: str) -> None:
    """At least 4.5 : 1 for everything that is read, 3 : 1 for bars (WCAG 2, level AA)."""
    page = opened(SIX, color_scheme=scheme)
    colors = page.page.evaluate(
        """() => Object.fromEntries(
          ["ground", "panel", "text", "quiet", "track", "p", "q", "alarm"].map((name) =>
            [name, getComputedStyle(document.documentElement).getPropertyValue(`--${name}`)]))"""
    )
    assert page.page.evaluate("getComputedStyle(document.body).color") == (
        "rgb(27, 29, 33)" if scheme == "light" else "rgb(232, 234, 237)"
    )
    for ground in ("ground", "panel"):
        for ink in ("text", "quiet", "p", "q", "alarm"):
            assert contrast(colors[ink], colors[ground]) >= 4.5, (ink, ground)
    assert contrast(colors["text"], colors["track"]) >= 4.5
    for bar in ("p", "q"):
        assert contrast(colors[bar], colors["track"]) >= 3, bar


def contrast(one: str, other: str) -> float:
    """The ratio that WCAG defines."""
    low, high = sorted(map(luminance, (one, other)))
    return (high + 0.05) / (low + 0.05)


def luminance(color: str) -> float:
    channels = [int(part, 16) / 255 for part in re.findall("[0-9a-f]{2}", color.strip())]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


UNREADABLE = {
    "#p=0.5,0.5": "it says nothing of Q",
    "#p=0.5,0.5&q=0.1,0.2,0.7": "P has 2 outcomes, Q has 3",
    "#p=1&q=1": "P has 1 outcomes, not 2 to 6",
    "#p=" + ",".join("1" * 7) + "&q=1,1": "P has 7 outcomes, not 2 to 6",
    "#p=-0.5,1.5&q=1,1": "“-0.5” in P is no probability",
    "#p=NaN,1&q=1,1": "“NaN” in P is no probability",
    "#p=1e999,1&q=1,1": "“1e999” in P is no probability",
    "#p=0,0&q=1,1": "P has the sum 0",
    "#p=,&q=1,1": "“” in P is no probability",
    "#p=0x1,1&q=1,1": "“0x1” in P is no probability",
    "#p=1,1&q=<b>,1": "in Q is no probability",
    "#p=.5,.5&q=.5,.5&smooth=2": "ε is “2”, not from 0 to 1",
    "#p=.5,.5&q=.5,.5&smooth=": "ε is “”, not from 0 to 1",
    "#p=.5,.5&q=.5,.5&names=%zz,b": "a name in it is damaged",
    "#__proto__=1&constructor=2": "it says nothing of P",
    "#p=" + "9" * 5000 + ",1&q=1,1": "9…” in P is no probability",
}


@pytest.mark.parametrize("where", UNREADABLE, ids=lambda where: where[:30])
def test_a_link_that_cannot_be_read_says_why(opened: Open, where: str) -> None:
    page = opened(where)
    said = page.text("message")
    assert said.startswith("This link cannot be read: ")
    assert UNREADABLE[where] in said
    assert len(said) < 200
    assert page.rows() == ([0.5, 0.5], [0.1, 0.9])


def test_a_sum_that_is_off_is_said(opened: Open) -> None:
    page = opened("#p=1,3&q=0.5,0.5")
    assert page.text("message") == "P of this link had the sum 4; it was divided by it."
    assert page.rows() == ([0.25, 0.75], [0.5, 0.5])


@pytest.mark.parametrize("name", [MARKUP, "<script>alert(1)</script>", '"><svg onload=alert(1)>'])
def test_a_hostile_name_stays_text(opened: Open, name: str) -> None:
    page = opened(address([0.5, 0.5], [0, 1], names=[name, "b"]))
    assert page.page.locator(".name").all_inner_texts()[0] == name[:24].strip()
    assert page.page.locator("img, svg, main script").count() == 0
    assert f"“{name[:24]}”" in page.text("meaning")


def test_a_hostile_number_stays_text(opened: Open) -> None:
    page = opened(f"#p={MARKUP},1&q=1,1")
    assert page.page.locator("img").count() == 0
    assert "img" in page.text("message")


def test_the_page_may_load_nothing(opened: Open) -> None:
    """Its own policy forbids it, and there is nothing that would."""
    text = PAGE.read_text(encoding="utf-8")
    assert not re.findall(r"(?:src|href)=\"(?!data:,|tour\.html)", text)
    assert not re.search(r"https?:|@import|fetch\(|XMLHttpRequest|innerHTML|eval\(", text)
    page = opened()
    fetch = "fetch('file:///etc/hostname').then(() => 'loaded', () => 'refused')"
    assert "default-src 'none'" in page.page.locator("meta[http-equiv]").get_attribute("content")
    assert page.page.evaluate(fetch) == "refused"
    assert "Content Security Policy" in page.complaints.pop(0)
    page.complaints.clear()
