"""What hands can do with the page: mouse, finger, keyboard, buttons, links."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playground_page import Playground, address
from test_playground_numbers import assert_library

import unsurprised as us

Open = Callable[..., Playground]
FAIR, LOADED = [0.5, 0.5], [0.1, 0.9]


def settled(page: Playground) -> str:
    """The page's address, once it holds what is shown."""
    p = ",".join(f"{share:.12g}" for share in page.rows()[0])
    page.page.wait_for_function("p => location.hash.startsWith(`#p=${p}&`)", arg=p)
    return page.page.evaluate("location.hash")


@pytest.mark.parametrize("bar", ["p-0", "p-1", "q-0", "q-1"])
def test_dragging_changes_the_numbers(opened: Open, bar: str) -> None:
    page = opened(address(FAIR, LOADED))
    before = page.values()
    for place in (0.3, 0.77, 0.6):
        page.drag(bar, place)
        values = page.values()
        assert values[bar] == pytest.approx(place, abs=0.003)
        assert values["kl"] != before["kl"]
        assert_library(values, *page.rows())
        assert sum(page.rows()[bar[0] == "q"]) == pytest.approx(1, abs=1e-12)
        before = values


def test_numbers_follow_while_the_button_is_down(opened: Open) -> None:
    page = opened(address(FAIR, LOADED))
    box = page.page.locator("#q-0").bounding_box()
    page.page.mouse.move(box["x"] + 0.1 * box["width"], box["y"] + 5)
    page.page.mouse.down()
    seen = []
    for place in (0.2, 0.35, 0.5):
        page.page.mouse.move(box["x"] + place * box["width"], box["y"] + 200)  # well below the bar
        assert_library(page.values(), *page.rows())
        seen.append(page.values()["kl"])
    assert seen == sorted(seen, reverse=True)
    page.page.mouse.up()
    page.page.mouse.move(box["x"], box["y"])
    assert page.values()["kl"] == seen[-1]


def test_dragging_beyond_the_ends(opened: Open) -> None:
    page = opened(address(FAIR, LOADED))
    page.drag("q-0", -0.2)
    assert page.rows() == (FAIR, [0, 1])
    assert page.text("kl") == "∞"
    assert "“A”" in page.text("meaning")
    page.drag("q-0", 1.2)
    assert page.rows() == (FAIR, [1, 0])
    assert_library(page.values(), *page.rows())


def test_others_keep_their_proportions(opened: Open) -> None:
    page = opened(address([0.2, 0.6, 0.2], [0.5, 0.25, 0.25]))
    page.drag("p-0", 1.1, 0.6)  # in one go, there and back
    assert page.rows()[0] == pytest.approx([0.6, 0.3, 0.1], abs=0.003)
    assert page.rows()[0][1] == pytest.approx(3 * page.rows()[0][2], rel=1e-9)


def test_fingers(opened: Open) -> None:
    page = opened(address(FAIR, LOADED), has_touch=True, viewport={"width": 360, "height": 740})
    bar = page.page.locator("#q-1")
    bar.scroll_into_view_if_needed()
    box = bar.bounding_box()
    page.page.touchscreen.tap(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
    assert page.values()["q-1"] == pytest.approx(0.25, abs=0.01)
    assert_library(page.values(), *page.rows())


def test_keys(opened: Open) -> None:
    page = opened(address(FAIR, LOADED))
    bar = page.page.locator("#q-0")
    bar.focus()
    steps = {
        "ArrowRight": 0.11,
        "ArrowUp": 0.12,
        "ArrowLeft": 0.11,
        "ArrowDown": 0.1,
        "PageUp": 0.2,
        "PageDown": 0.1,
        "End": 1,
        "Home": 0,
    }
    for key, share in steps.items():
        page.page.keyboard.press(key)
        assert page.rows()[1] == [share, pytest.approx(1 - share, abs=1e-15)]
        assert float(bar.get_attribute("aria-valuenow")) == share
        assert_library(page.values(), *page.rows())
    page.page.keyboard.press("ArrowLeft")
    assert page.values()["q-0"] == 0  # no further
    page.page.keyboard.press("Tab")
    assert page.page.evaluate("document.activeElement.id") == "p-1"


def test_sliders_are_said(opened: Open) -> None:
    page = opened(address(FAIR, LOADED, names=["heads", "tails"]))
    for name, share in {"P of heads": "0.5", "Q of heads": "0.1", "Q of tails": "0.9"}.items():
        bar = page.page.get_by_role("slider", name=name, exact=True)
        assert bar.get_attribute("aria-valuenow") == share
        assert bar.get_attribute("aria-valuetext") == f"{float(share):.4f}"
        assert bar.get_attribute("aria-valuemin") == "0"
        assert bar.get_attribute("aria-valuemax") == "1"
    assert (
        page.page.get_by_role("slider", name="ε, the share of the uniform distribution").count()
        == 1
    )
    assert page.page.get_by_role("row").count() == 3
    assert page.page.get_by_role("rowheader", name="heads").count() == 1


def test_outcomes_come_and_go(opened: Open) -> None:
    page = opened(address(FAIR, LOADED))
    add = page.page.get_by_role("button", name="Add an outcome")
    for count in range(3, 7):
        add.click()
        p, q = page.rows()
        assert len(p) == count
        assert p == pytest.approx([1 / count] * count, abs=1e-9)
        assert q[0] / q[1] == pytest.approx(1 / 9)
        assert_library(page.values(), p, q)
    assert add.is_disabled()
    for name in "BDEF":
        page.page.get_by_role("button", name=f"Remove {name}").click()
        assert_library(page.values(), *page.rows())
    assert page.rows()[0] == pytest.approx(FAIR)
    assert page.page.get_by_role("button", name="Remove A").is_disabled()


def test_what_all_the_mass_was_on_can_go(opened: Open) -> None:
    page = opened(address([0, 0, 1], [0.5, 0.25, 0.25]))
    page.page.get_by_role("button", name="Remove C").click()
    assert page.rows()[0] == FAIR
    assert_library(page.values(), *page.rows())


def test_exchange(opened: Open) -> None:
    page = opened(address(FAIR, LOADED))
    page.page.get_by_role("button", name="Exchange").click()
    assert page.rows() == (LOADED, FAIR)
    assert page.values()["kl"] == pytest.approx(us.kl_divergence(LOADED, FAIR), rel=1e-12)


def test_smoothing_is_switched(opened: Open) -> None:
    page = opened(address(FAIR, [0, 1]))
    assert page.text("kl") == "∞"
    page.page.get_by_role("checkbox").check()
    assert page.rows()[1] == pytest.approx(us.smooth([0, 1], 0.01).array.values, rel=1e-14)
    assert_library(page.values(), *page.rows())
    assert page.values()["kl-without"] == float("inf")
    epsilon = page.page.get_by_role("slider", name="ε, the share of the uniform distribution")
    epsilon.focus()
    before = page.values()["kl"]
    for _ in range(5):
        page.page.keyboard.press("ArrowRight")
    assert page.values()["epsilon-value"] == pytest.approx(0.0178)
    assert page.values()["kl"] < before
    assert_library(page.values(), *page.rows())
    page.page.get_by_role("checkbox").uncheck()
    assert page.rows() == (FAIR, [0, 1])


def test_a_link_brings_back_what_was_seen(opened: Open) -> None:
    names = ["a,b&c=d", "#%é"]
    page = opened(address([0.25, 0.75], [0.4, 0.6], names=names, smooth=0.125))
    page.drag("p-0", 0.61)
    seen, kept = page.values(), settled(page)
    again = opened(kept)
    assert again.values() == seen
    assert again.page.locator(".name").all_inner_texts() == names
    assert again.page.get_by_role("checkbox").is_checked()


def test_back_and_forth_among_links(opened: Open) -> None:
    page = opened(address(FAIR, LOADED))
    page.go(address(LOADED, FAIR))
    page.page.go_back()
    page.page.wait_for_function("document.getElementById('p-0').dataset.value === '0.5'")
    assert page.rows() == (FAIR, LOADED)
