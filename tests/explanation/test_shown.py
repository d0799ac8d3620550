"""What people see: text, terminals, notebooks."""

from __future__ import annotations

import math
import re
from html.parser import HTMLParser

import numpy as np
import pytest

import unsurprised as us
from unsurprised.explanation import Explanation, explain
from unsurprised.report.explanation import layout
from unsurprised.report.explanation.notebook import page
from unsurprised.report.explanation.sentences import totals
from unsurprised.report.screen import wide

HOSTILE = ["</script><script>alert(1)</script>", "b\x1b[2J\n", "[bold]x[/bold]"]

COIN = explain([0.5, 0.5], [0.1, 0.9], names=["heads", "tails"])
RULED_OUT = explain([0.5, 0.5], [0.0, 1.0], names=["heads", "tails"])
RANDOM = np.random.default_rng(3).dirichlet(np.ones(300), 2)
ALL = {
    "coin": COIN,
    "ruled out": RULED_OUT,
    "entropy": explain([0.5, 0.25, 0.25]),
    "surprisal": explain(1, [0.99, 0.01], names=["cat", "dog"]),
    "impossible": explain("dog", [1.0, 0.0], names=["cat", "dog"]),
    "many": explain(*RANDOM),
    "many, surprisal": explain(7, RANDOM[0]),
    "many, entropy": explain(RANDOM[0]),
    "close": explain([0.3, 0.7], [0.3 + 1e-12, 0.7 - 1e-12]),
    "hostile": explain([0.5, 0.25, 0.25], [0.0, 0.5, 0.5], names=HOSTILE),
    "wide": explain(
        us.Logits([0.0, -800.0, -1e6]),
        us.Logits([-500.0, 0.0, -math.inf]),
        names=["猫" * 30, "b" * 60, "é"],
    ),
    "nats": explain([0.3, 0.7], [0.7, 0.3], base=math.e),
    "one": explain([1.0], [1.0]),
}  # fmt: skip


def test_the_coin_in_text():
    assert (
        COIN.to_text(width=100)
        == """\
Believing Q where P is true costs 0.7370 bits more than the 1 bit that is needed.

            probability  ideal code, bits  Huffman           what it adds, bits
outcome       P       Q  −log₂ P  −log₂ Q     P  Q    H(P)  cross-ent.  KL(P‖Q)
heads    0.5000  0.1000   1.0000   3.3219     1  1  0.5000      1.6610   1.1610
tails    0.5000  0.9000   1.0000   0.1520     1  1  0.5000      0.0760  -0.4240
total    1.0000  1.0000                             1.0000      1.7370   0.7370

entropy H(P)          1.0000 bits  needed: what P itself costs
+ KL(P‖Q)             0.7370 bits  what believing Q adds to it
= cross-entropy       1.7370 bits  H + KL: 1.0000 + 0.7370
KL(Q‖P)               0.5310 bits  the other way round: believing P where Q is true
entropy H(Q)          0.4690 bits  the surprise that Q itself expects
Huffman's code for P  1.0000 bits  at least H, less than H + 1: 1.0000 ≤ 1.0000 < 2.0000
Huffman's code for Q  1.0000 bits  built for Q, used where P is true

Smoothing Q by ε = 0.01 would make the cross-entropy 1.7119 bits instead of 1.7370: it saves 0.0251.
It never costs more than 0.0145 bits."""
    )


def test_what_is_ruled_out_in_text():
    lines = RULED_OUT.to_text(width=100).split("\n")
    assert lines[0] == (
        "Q rules out 'heads', which happens in 50 % of draws: the cross-entropy and KL are "
        "infinite."
    )
    assert lines[4].endswith("inf      inf ←")
    assert "← infinite: Q = 0 < P" in lines
    assert (
        "Smoothing Q by ε = 0.01 would make the cross-entropy 3.8255 bits instead of inf. It"
        in (" ".join(lines))
    )


def test_a_surprisal_in_text():
    assert (
        ALL["surprisal"].to_text(width=100)
        == """\
The model gave 1 % to what happened, 'dog': 6.6439 bits of surprise.

         probability  ideal code, bits  Huffman
outcome            Q           −log₂ Q        Q
cat           0.9900            0.0145        1
dog           0.0100            6.6439        1 ←
total         1.0000
← what happened

surprisal             6.6439 bits  −log of what Q gave to what happened
expected              0.0808 bits  entropy H(Q): the surprise that Q itself expected
Huffman's code for Q  1.0000 bits  of what happened, in the code built for Q

Smoothing Q by ε = 0.01 would make the surprisal 6.0685 bits instead of 6.6439: it saves 0.5753. It
never costs more than 0.0145 bits."""
    )


@pytest.mark.parametrize("explanation", ALL.values(), ids=ALL)
def test_text_is_plain_narrow_and_without_noise(explanation):
    lines = str(explanation).split("\n")
    assert max(map(wide, lines)) <= 80
    assert all(line.isprintable() and line == line.rstrip() for line in lines)
    assert not re.search(r"\bnan\b|-0\.0+\b|None", "\n".join(lines))
    assert lines[0] == explanation.meaning[: len(lines[0])]


@pytest.mark.parametrize("explanation", ALL.values(), ids=ALL)
@pytest.mark.parametrize("width", [40, 60, 88, 200])
def test_any_width_fits(explanation, width):
    report = explanation.to_text(width=width)
    assert max(map(wide, report.split("\n"))) <= width
    assert "[bold]x[/bold]" in report or explanation is not ALL["hostile"] or width < 60
    for total in totals(explanation):
        assert total.value in report


@pytest.mark.parametrize("explanation", ALL.values(), ids=ALL)
def test_the_first_screen_is_a_screen_and_the_full_report_has_all(explanation):
    assert len(str(explanation).split("\n")) <= 40
    full = explanation.to_text(full=True, width=110)
    assert "others" not in full


def test_what_does_not_fit_is_left_out_and_said():
    shown = layout.shown(COIN)
    fitted = layout.fitting(shown, 60)
    assert "Huffman" in fitted.left_out
    assert {column.name for column in fitted.columns} >= {"P", "Q", "KL(P‖Q)"}
    assert layout.fitting(shown, 88) == shown


@pytest.mark.parametrize("name", ["many", "many, entropy", "many, surprisal"])
def test_of_many_outcomes_the_largest_are_shown_and_the_columns_add_up(name):
    explanation = ALL[name]
    shown = layout.shown(explanation)
    assert len(shown.names) == 20
    assert shown.others == "and 280 others"
    for column in shown.columns:
        if column.total.strip():
            cells = [float(cell) for cell in (*column.cells, column.others)]
            assert math.fsum(cells) == pytest.approx(float(column.total), abs=21 * 0.00006)


def test_what_happened_is_shown_however_unimportant():
    assert layout.chosen(ALL["many, surprisal"])[0] == 7
    assert layout.shown(ALL["many, surprisal"]).marked[0]


def test_infinities_come_first():
    p = np.full(100, 0.01)
    q = np.r_[np.full(99, 1 / 99), 0.0]
    assert layout.chosen(explain(p, q))[0] == 99
    many = explain(np.full(100, 0.01), np.r_[np.full(50, 0.02), np.zeros(50)])
    assert many.meaning == (
        "Q rules out 50 outcomes, '50' among them, which happen in 50 % of draws: the "
        "cross-entropy and KL are infinite."
    )
    assert layout.shown(many).columns[-1].others.strip() == "inf"


def test_names_that_are_cut_to_the_same_stay_apart():
    names = ["x" * 50 + end for end in "ab"]
    shown = layout.shown(explain([0.5, 0.5], names=names))
    assert len(set(shown.names)) == 2
    assert all(wide(name) <= 24 for name in shown.names)


@pytest.mark.parametrize(
    ("p", "q", "sentence"),
    [
        ([0.5, 0.5], [0.5, 0.5], "Q is P: believing it costs no more than the 1 bit that is "
         "needed."),
        ([0.25] * 4, None, "Learning what happened takes 2 bits on average, as if it were one of 4 "
         "equally likely outcomes."),
        ([0.5, 0.25, 0.25], [1, 0, 0], "Q rules out '1' and '2', which happen in 50 % of draws: "
         "the cross-entropy and KL are infinite."),
        (0, [1.0, 0.0], "The model gave 100 % to what happened, '0': 0 bits of surprise."),
        (0, us.Logits([-800.0, 0.0]), "The model gave almost nothing to what happened, '0': "
         "1,154.1560 bits of surprise."),
    ],
)  # fmt: skip
def test_sentences(p, q, sentence):
    assert explain(p, q).meaning == sentence


class Parser(HTMLParser):
    """Checks that tags nest, and keeps what a reader sees."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("explanation", ALL.values(), ids=ALL)
def test_html_is_well_formed_and_harmless(explanation: Explanation):
    html = explanation._repr_html_()
    parser = Parser()
    parser.feed(html)
    assert not parser.open
    assert parser.tags <= {"div", "p", "strong", "table", "tr", "th", "td"}
    assert parser.attributes <= {"style", "colspan"}
    assert explanation.meaning in parser.text
    assert "url(" not in html
    for column in layout.shown(explanation).columns:
        assert all(cell in parser.text for cell in column.cells)


def test_html_escapes_names():
    html = page(ALL["hostile"])
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "\x1b" not in html


def test_columns_without_room_are_named_once():
    text = us.explain([0.5, 0.5], [0.1, 0.9]).to_text(width=40)
    assert "not shown for want of room: Huffman;\nwhat it adds, bits; ideal code, bits\n" in text
