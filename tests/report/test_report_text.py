"""The plain report: what it says, and what it must never show."""

from __future__ import annotations

import math
import re
from dataclasses import fields, replace

import pytest
from handmade_evaluations import (
    ALL,
    HOSTILE,
    INFINITE,
    LABELLED,
    LOGPROB,
    MIXED,
    ONE_ROW,
    RECALIBRATED,
    SLICED,
    SOFT,
    WEIGHTED,
    bits,
)

from unsurprised.evaluation.records import IfCalibrated
from unsurprised.evaluation.result import Evaluation
from unsurprised.report.choices import choices
from unsurprised.report.evaluation import overview, sentences
from unsurprised.report.evaluation.catalogue import FIGURES, GROUPS
from unsurprised.report.evaluation.topics import figures, histogram
from unsurprised.report.numbers import number
from unsurprised.report.screen import Screen, wide
from unsurprised.statistics.estimate import Estimate


def gap(low: float, high: float) -> Evaluation:
    return replace(LABELLED, confidence_gap=Estimate((low + high) / 2, low, high, "bits", 1000))


def whole(evaluation: Evaluation, width: int = 100) -> str:
    return evaluation.to_text(full=True, width=width)


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
@pytest.mark.parametrize("full", [False, True], ids=["first screen", "full"])
@pytest.mark.parametrize("evaluation", ALL.values(), ids=ALL)
def test_it_is_plain_narrow_and_without_noise(evaluation, full, width):
    report = evaluation.to_text(full=full, width=width)
    lines = report.split("\n")
    assert max(map(len, lines)) <= width
    assert all(line.isprintable() and line == line.rstrip() for line in lines)
    assert not re.search(r"\bnan\b|-0\.0+\b|None|Estimate\(", report)
    assert "\n\n\n" not in report


@pytest.mark.parametrize("evaluation", ALL.values(), ids=ALL)
def test_the_first_screen_is_a_screen(evaluation):
    assert str(evaluation) == evaluation.to_text()
    lines = str(evaluation).split("\n")
    assert len(lines) <= 40
    assert lines[-1] == "What these figures are called elsewhere: docs/glossary.md"
    assert "All of it: print(evaluation.to_text(full=True))" in str(evaluation)
    assert "All of it" not in whole(evaluation)


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
@pytest.mark.parametrize("evaluation", ALL.values(), ids=ALL)
def test_no_number_is_cut(evaluation, width):
    report = " ".join(whole(evaluation, width).split())
    for group in figures.groups(evaluation):
        for line in group:
            assert line.value in report
            assert line.interval in report
            # What stands alone says nothing without its definition.
            assert line.interval or line.brief in report or line.definition in report
    for row in evaluation.worst_rows:
        assert number(row.surprisal) in report
        assert not isinstance(row.id, int) or str(row.id) in report


@pytest.mark.parametrize("width", [1, 9, 25])
@pytest.mark.parametrize("evaluation", ALL.values(), ids=ALL)
def test_hopelessly_narrow_screens_get_a_report(evaluation, width):
    assert evaluation.to_text(width=width)
    assert evaluation.to_text(full=True, width=width)


def test_wide_letters_take_their_room():
    named = replace(LABELLED, classes=("猫" * 30, "犬" * 30, *LABELLED.classes[2:]))
    assert max(map(wide, named.to_text(width=60).split("\n"))) <= 60


def test_the_first_screen_has_the_figures_that_matter_and_the_slices_asked_for():
    screen = str(RECALIBRATED)
    for name in ("cross-entropy", "  in nats", "expected surprisal", "confidence gap",
                 "information gained", "miscalibration", "accuracy"):  # fmt: skip
        assert re.search(rf"^{name} +[\d.]+", screen, re.MULTILINE), name
    for name in ("percentile", "perplexity", "discrimination", "spread"):
        assert name not in screen
        assert name in whole(RECALIBRATED)
    assert "The rows with the largest surprisal" in screen
    for column in SLICED.sliced_by:
        assert f"By {column.column}" in str(SLICED)


def test_what_is_missing_of_the_first_screen_is_said_there():
    screen = " ".join(str(LOGPROB).split())
    assert "Not reported: " in screen
    assert "accuracy: only the log-probability of what happened is known" in screen
    assert "perplexity" in screen
    assert "Not reported" not in str(LABELLED)


def test_every_attribute_is_described():
    assert set(FIGURES) == {field.name for field in fields(Evaluation)}
    assert sum(map(len, GROUPS)) == len({figure.field for group in GROUPS for figure in group})


@pytest.mark.parametrize("figure", [figure for group in GROUPS for figure in group])
def test_every_figure_is_shown_with_unit_and_definition(figure):
    evaluation = INFINITE if figure.field == "finite_cross_entropy" else SOFT
    unit = {"information": " bits", "nats": " nats", "share": " %", "number": ""}[figure.style]
    found = [
        line for line in whole(evaluation, 110).splitlines() if line.endswith(figure.definition)
    ]
    assert len(found) == 1
    assert found[0].startswith(figure.name)
    assert re.search(rf"[\d.]+{unit} ", found[0])
    assert len(figure.brief) <= 23
    assert len(figure.definition) <= 44


def test_the_order_of_the_report():
    report = whole(replace(SOFT, missing={"accuracy": "no reason"}))
    wanted = [
        "Observed surprisal", "1,000 rows", "cross-entropy  ", "in nats", "label entropy",
        "information gained", "expected surprisal", "confidence gap", "truth entropy",
        "KL divergence", "perplexity", "accuracy", "worse than guessing", "row sum deviation",
        "5th percentile", "median surprisal", "spread", "largest surprisal",
        "Not reported", "docs/glossary.md",
    ]  # fmt: skip
    places = [report.index(part) for part in wanted]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("evaluation", "verdict"),
    [
        (gap(0.1, 0.2), "it is over-confident."),
        (gap(-0.2, -0.1), "it is under-confident."),
        (gap(-0.1, 0.1), "it is neither over- nor under-confident, as far as 1,000 rows can tell."),
        (
            gap(1e-16, 2e-16),
            "it is neither over- nor under-confident, as far as 1,000 rows can tell.",
        ),
        (
            gap(-2e-16, -1e-16),
            "it is neither over- nor under-confident, as far as 1,000 rows can tell.",
        ),
        (gap(math.nan, math.nan), "too few rows to judge its confidence."),
    ],
)
def test_the_headline_judges_confidence_by_the_interval(evaluation, verdict):
    expected = f"Observed surprisal is 1.1755 bits a row where the model expected 0.2278: {verdict}"
    assert sentences.headline(evaluation) == expected


def test_infinite_rows_are_counted_beside_the_finite_mean_and_clipping_is_explained():
    report = " ".join(whole(INFINITE).split())
    assert "gave probability 0 to what happened in 41 of 1,000 rows" in report
    assert "Over the other rows it is 5.2264 bits a row" in report
    clipped = {clip: 5.2264 * 0.959 - 0.041 * math.log2(clip) for clip in (1e-15, 2.0**-23)}
    assert f"{clipped[1e-15]:.4f} bits clipped at 1e-15" in report
    assert f"{clipped[2.0**-23]:.4f} bits clipped at 1.2e-07" in report
    assert "measures the clip, not the model" in report
    assert "infinite █" in report


def test_rows_that_are_all_infinite_have_no_finite_mean():
    nothing = replace(INFINITE, infinite_rows=1000, finite_cross_entropy=None)
    assert "Over the other rows" not in whole(nothing)
    assert "measures the clip" in whole(nothing)


def test_an_absent_interval_is_a_dash():
    line = next(line for line in whole(ONE_ROW).splitlines() if "confidence gap" in line)
    assert line.split()[2:5] == ["0", "bits", "–"]


def test_soft_truth_is_told_apart_and_annotators_are_mentioned():
    notes = " ".join(sentences.notes(SOFT))
    assert "0.9000 bits is noise that no model could predict and 0.2755 is the model's" in notes
    assert "51.1 votes a row on average, 3 at least" in notes
    assert "by about 0.0641 bits" in notes
    assert "noise" not in " ".join(sentences.notes(LABELLED))


def test_a_model_worse_than_the_frequencies_is_told_so():
    worse = replace(LABELLED, information_gained=bits(-0.5))
    assert "costs 3.3211 bits: less than the model." in " ".join(sentences.notes(worse))
    assert "saves 2.1456 (64.60 %) of the 3.3211 bits" in " ".join(sentences.notes(LABELLED))


def test_log_probabilities_alone():
    report = whole(LOGPROB)
    assert report.startswith("Observed surprisal is 1.1755 bits a row: a perplexity of 2.2586.")
    assert "accuracy: only the log-probability of what happened is known" in report
    assert "predicted" not in report


def test_figures_that_are_missing_for_the_same_reason_stand_together():
    assert sentences.missing(LABELLED) == [
        "truth entropy, KL divergence: the truth is one label a row"
    ]


def test_what_only_json_holds_is_not_missed_in_the_report():
    evaluation = replace(LABELLED, missing={"confusion": "kept up to 1,000 classes"})
    assert sentences.missing(evaluation) == []
    assert "Not reported" not in whole(evaluation)


def test_weights_and_skipped_rows_are_said():
    size = sentences.size(WEIGHTED)
    assert "weights sum to 512.25" in size
    assert "12 left out (null, ignored or of weight 0)" in size


def test_long_lists_of_classes_are_shortened_to_the_width():
    many = replace(LABELLED, classes=tuple(f"class{i}" for i in range(1000)))
    line = sentences.size(many, 80)
    assert len(line) <= 80
    assert line.endswith("… class999")
    assert sentences.size(replace(LABELLED, classes=("only",))).endswith("1 class: only")


def test_text_from_the_file_cannot_break_the_lines():
    report = whole(HOSTILE)
    assert "\x1b" not in report
    assert r"cat\n\x1b[2J" in report
    assert r"\u202e" in report


def test_histograms_with_many_bars_are_merged_without_losing_rows():
    bars = tuple(
        replace(LABELLED.histogram[0], low=float(i), high=i + 1.0, weight=10.0) for i in range(100)
    )
    merged = histogram.bars(replace(LABELLED, histogram=bars))
    assert len(merged) <= 16
    amounts = [int(bar.amount.split()[0]) for bar in merged]
    assert sum(amounts) == 1000
    assert (merged[0].range, merged[-1].range[-3:]) == ("0 to 7", "100")
    assert max(bar.fill for bar in merged) == 1


def test_nats_are_not_repeated():
    nats = replace(LABELLED, unit="nats", cross_entropy=LABELLED.cross_entropy_nats)
    assert "in nats  " not in whole(nats)


def test_choices_are_wrapped_between_the_choices():
    taken = {"label": "label", "pred": "probs (list of 10)", "kind": "probs (the default)"}
    lines = choices(taken, 40).split("\n")
    assert lines == ["label: label · pred: probs (list of 10)", "kind: probs (the default)"]
    assert choices({}) == ""


def test_the_ledger_is_an_account():
    lines = whole(RECALIBRATED).splitlines()
    start = next(index for index, line in enumerate(lines) if line.startswith("label entropy"))
    assert [line.split("bits")[0].split() for line in lines[start : start + 5]] == [
        ["label", "entropy", "3.3211"],
        ["−", "discrimination", "2.6028"],
        ["+", "miscalibration", "0.4568"],
        ["of", "it", "0.4203"],
        ["=", "cross-entropy", "1.1755"],
    ]
    assert [line.startswith("label entropy") for line in lines].count(True) == 1
    assert "vector scaling" in lines[start + 2] and "temperature scaling" in lines[start + 3]


TEMPERED = replace(RECALIBRATED, ledger=replace(RECALIBRATED.ledger, taken="temperature scaling"))


def test_a_richer_family_that_is_not_taken_stands_below():
    lines = whole(TEMPERED).splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith("+ miscalibration"))
    assert [line.split("bits")[0].split() for line in lines[start : start + 3]] == [
        ["+", "miscalibration", "0.4203"],
        ["or", "0.4568"],
        ["=", "cross-entropy", "1.1755"],
    ]
    assert "temperature scaling" in lines[start] and "vector scaling" in lines[start + 1]


def with_test(low: float, p_value: float) -> Evaluation:
    found = RECALIBRATED.ledger.recalibrations[-1]
    changed = replace(
        found,
        miscalibration=Estimate(0.1, low, 0.2, "bits", 1000),
        if_calibrated=IfCalibrated(0.0139, 0.0265, p_value, p_value <= 0.05, 199),
    )
    return replace(RECALIBRATED, ledger=replace(RECALIBRATED.ledger, recalibrations=(changed,)))


@pytest.mark.parametrize(
    ("evaluation", "sentence"),
    [
        (RECALIBRATED, "Recalibration would save at least 0.4568 bits a row, by vector scaling;"),
        (RECALIBRATED, "“unsurprised calibrate” tries more."),
        (TEMPERED, "Recalibration would save at least 0.4203 bits a row, by temperature scaling;"),
        (with_test(-0.1, 0.02), "It is miscalibrated (p = 0.02), but by too little for"),
        (with_test(-0.1, 0.02), "to save anything; “unsurprised calibrate” tries more."),
        (with_test(-0.1, 0.3), "would save nothing that these rows can tell."),
        (with_test(0.01, 0.3), "would save nothing that these rows can tell."),
        (MIXED, "Mixing in 1.23 % of the uniform distribution would leave 1.9000 bits;"),
        (MIXED, "(uniform mixing, then temperature scaling) saves 0.7000 of them."),
    ],
)
def test_whether_recalibration_is_worth_it(evaluation, sentence):
    assert any(sentence in note for note in sentences.notes(evaluation))


@pytest.mark.parametrize(
    ("evaluation", "is_next"),
    [(RECALIBRATED, True), (with_test(-0.1, 0.02), True), (with_test(-0.1, 0.3), False)],
)
def test_what_is_miscalibrated_goes_on_with_calibrate(evaluation, is_next):
    command = ("unsurprised", "calibrate", "a.csv")
    lines = overview.closing(evaluation, Screen(100, commands={"calibrate": command}))
    assert any("unsurprised calibrate a.csv" in str(line) for line in lines) is is_next


def test_a_ledger_of_fewer_rows_says_so():
    report = whole(replace(RECALIBRATED, rows=2_000_000))
    (line,) = [line for line in report.splitlines() if line.startswith("= cross-entropy")]
    assert line.endswith("on 1,000 rows")
    assert len([row for row in report.splitlines() if row.startswith("label entropy")]) == 2
