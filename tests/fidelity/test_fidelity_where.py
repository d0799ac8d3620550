"""Where two models part: slices, masks, ranges, curves and ranks, against plain NumPy and SciPy."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from fidelity_data import kld_bytes, log_softmax, models, written
from scipy import stats

import unsurprised as us

DOCUMENTS, LENGTH, WIDTH = 24, 15, 40


def data() -> tuple[np.ndarray, ...]:
    """Two models of which the documents from 12 on differ more, and the tokens that came."""
    base, other, targets = models(DOCUMENTS, LENGTH, WIDTH, 0.3, seed=4)
    other[12:] += np.random.default_rng(8).normal(size=other[12:].shape).astype(np.float32)
    return base, other, targets


def token_kl(base: np.ndarray, other: np.ndarray) -> np.ndarray:
    """In bits."""
    log_p, log_q = log_softmax(base), log_softmax(other)
    return (np.exp(log_p) * (log_p - log_q)).sum(axis=-1) / math.log(2)


def test_slices_are_the_means_of_their_tokens() -> None:
    base, other, targets = data()
    half = np.repeat(["early", "late"], 12)
    place = np.tile(np.arange(LENGTH) % 3, (DOCUMENTS, 1))
    found = us.fidelity(base, other, targets=targets, by={"half": half, "place": place})
    kl, told = token_kl(base, other), {(one.column, one.value): one for one in found.slices}
    assert list(told) == [
        ("half", "late"),
        ("half", "early"),
        *(("place", str(k)) for k in range(3)),
    ]
    gap = (log_softmax(base) - log_softmax(other)) / math.log(2)
    gap = np.take_along_axis(gap, targets[..., None], axis=-1)[..., 0]
    wide = np.broadcast_to(half[:, None], kl.shape)
    for (column, value), one in told.items():
        chosen = wide == value if column == "half" else place == int(value)
        assert one.tokens == chosen.sum()
        assert one.kl_divergence.value == pytest.approx(kl[chosen].mean(), rel=1e-9)
        assert one.part == pytest.approx(kl[chosen].sum() / kl.sum(), rel=1e-9)
        assert one.excess.value == pytest.approx(kl[chosen].mean() - kl[~chosen].mean(), rel=1e-7)
        assert one.cross_entropy_difference.value == pytest.approx(gap[chosen].mean(), rel=1e-7)
        assert one.kl_divergence.low < one.kl_divergence.value < one.kl_divergence.high
    assert told["half", "late"].stands_out and told["half", "early"].stands_out
    assert not any(told["place", str(k)].stands_out for k in range(3))


def test_why_intervals_are_lacking_or_weak_is_said() -> None:
    base, other, targets = models(DOCUMENTS, 150, WIDTH, 0.3, seed=4)
    counted = np.zeros((DOCUMENTS, 150), dtype=int)
    counted[:, 0] = 1
    counted[3] = 1  # nearly all of them are of one document
    place = np.where(counted == 1, "uneven", "even")
    place[:5, -1] = "few"
    place[:12, -2] = "lone"
    found = us.fidelity(base, other, targets=targets, by={"place": place})
    sizes = (place == "uneven").sum(axis=1)
    kept = {one.value: one.kl_divergence for one in found.slices}
    assert math.isnan(kept["few"].low) and not math.isnan(kept["uneven"].low)
    note = found.interval_notes["slices"]
    assert note.startswith(
        "parts of fewer than 10 documents have no interval; "
        "place = lone rests on 12 tokens, place = uneven on as much as "
    )
    assert note.endswith(" documents of one length")
    told = float(note.split()[-5])
    assert 1 <= told < (sizes**1.5).sum() ** 2 / (sizes**3).sum() + 0.5
    assert found.interval_notes["by_position"] == (
        "position 0 rests on 24 tokens, position 1 on 24 tokens, "
        "positions 2 to 3 on 48 tokens, 1 more on as little"
    )
    assert "all" not in found.interval_notes
    assert found.as_dict()["interval_notes"]["slices"] == note
    assert "Parts of fewer than 10 documents have no interval; place = lone rests" in " ".join(
        str(found).split()
    )


def test_a_document_that_holds_nearly_all_tokens_makes_all_intervals_weak() -> None:
    base, other, _ = models(1, 300, 20, 0.3)
    names = [f"{k // 10}" if k < 200 else "long" for k in range(300)]
    meter = us.FidelityMeter().update(base[0], other[0], documents=names)
    found = meter.result()
    sizes = np.array([10] * 20 + [100])
    assert round((sizes**2).sum() ** 2 / (sizes**4).sum(), 1) == 1.4
    assert found.interval_notes["all"] == (
        "intervals rest on little: as much as 1.4 documents of one length"
    )
    assert "Intervals rest on little: as much as 1.4 documents" in " ".join(str(found).split())
    plain = us.FidelityMeter().update(
        base[0], other[0], documents=[f"{k % 12}" for k in range(300)]
    )
    assert "all" not in plain.result().interval_notes


def test_slices_have_an_interval_from_ten_documents_on() -> None:
    base, other, _ = data()
    for few in (9, 10):
        by = {"part": np.where(np.arange(DOCUMENTS) < few, "few", "many")}
        found = {one.value: one for one in us.fidelity(base, other, by=by).slices}
        assert math.isfinite(found["many"].kl_divergence.low)
        assert math.isfinite(found["few"].kl_divergence.low) == (few == 10)
        assert math.isfinite(found["few"].top_agreement.low) == (few == 10)
        assert (found["few"].p_value is None) == (few == 9)


def test_ranges_have_an_interval_from_ten_documents_on_whatever_slices_are_called() -> None:
    base, other, _ = data()
    names = [f"d{k}" for k in range(DOCUMENTS)]
    for few in (9, 10):
        # Of positions from 8 on only a few documents have tokens.
        lengths = [LENGTH if k < few else 8 for k in range(DOCUMENTS)]
        sides = [
            {name: side[k, : lengths[k]] for k, name in enumerate(names)} for side in (base, other)
        ]
        by = {"position": ["4"] * DOCUMENTS}
        found = us.fidelity(*sides, by=by)
        has = {one.low: math.isfinite(one.kl_divergence.low) for one in found.by_position}
        assert has == {0.0: True, 1.0: True, 2.0: True, 4.0: True, 8.0: few == 10}


def test_numbers_are_cut_by_quantiles_or_where_it_is_said() -> None:
    base, other, _ = data()
    score = np.linspace(0, 1, DOCUMENTS * LENGTH)
    found = us.fidelity(base, other, by={"score": score}).slices
    assert len(found) == 10
    assert found[0].value.startswith("< 0.1")
    meter = us.FidelityMeter(bins={"score": [0.25, 0.5]}).update(base, other, by={"score": score})
    assert [one.value for one in meter.result().slices] == ["< 0.25", "0.25 to < 0.5", "≥ 0.5"]
    with pytest.raises(us.CallError, match="each larger than the one before"):
        us.FidelityMeter(bins={"score": [2, 1]})
    loose = us.FidelityMeter()
    with pytest.raises(us.InputError, match="more than 1,000 values"):
        loose.update(*(np.zeros((1001, 3)),) * 2, by={"score": np.arange(1001.0)})


def test_masked_tokens_are_as_if_they_were_not_there() -> None:
    base, other, targets = data()
    mask = np.random.default_rng(3).random((DOCUMENTS, LENGTH)) < 0.7
    other[~mask] = np.nan  # nobody reads them
    targets[0, :3] = -100
    found = us.fidelity(base, other, targets=targets, mask=mask.astype(np.int8))
    counts = mask & (targets != -100)
    kl = token_kl(base[counts], other[counts])
    assert found.tokens == counts.sum()
    assert found.masked == (~mask).sum()
    assert found.left_out == (mask & (targets == -100)).sum()
    assert found.kl_divergence.value == pytest.approx(kl.mean(), rel=1e-9)
    meter = us.FidelityMeter().update(base, other, targets, mask=mask)
    assert meter.result().to_json() == found.to_json()
    # Positions are places in the document, whatever is left out.
    last = max(int(position) for _, position in np.argwhere(counts))
    assert found.by_position[-1].low <= last < found.by_position[-1].high


def test_merged_from_forty_parts_it_is_the_same() -> None:
    base, other, targets = data()
    tokens = DOCUMENTS * LENGTH
    flat = [side.reshape(tokens, WIDTH) for side in (base, other)]
    which = np.repeat([f"d{k}" for k in range(DOCUMENTS)], LENGTH)
    places = np.tile(np.arange(LENGTH), DOCUMENTS)
    random = np.random.default_rng(5)
    by = {"land": random.choice(["de", "en", "fr"], tokens), "n": random.integers(0, 4, tokens)}
    mask = random.random(tokens) < 0.8

    def met(rows: np.ndarray) -> us.FidelityMeter:
        return us.FidelityMeter().update(
            flat[0][rows],
            flat[1][rows],
            targets.ravel()[rows],
            documents=which[rows],
            positions=places[rows],
            by={name: values[rows] for name, values in reversed(by.items())},
            mask=mask[rows],
        )

    whole, merged = met(np.arange(tokens)), us.FidelityMeter()
    for part in np.array_split(random.permutation(tokens), 40):
        merged.merge(us.FidelityMeter.from_bytes(met(part).to_bytes()))
    assert merged.to_bytes() == whole.to_bytes()
    assert merged.result().to_json() == whole.result().to_json()
    told = whole.result()
    named = (
        {f"d{k}": base[k] for k in range(DOCUMENTS)},
        {f"d{k}": other[k] for k in range(DOCUMENTS)},
    )
    assert us.fidelity(*named, targets=targets, by=by, mask=mask).to_json() == told.to_json()


def test_the_survival_curve_counts_the_tokens() -> None:
    base, other, _ = data()
    other[0, 0, 3] = -np.inf
    found, kl = us.fidelity(base, other), token_kl(base, other)
    assert found.kl_survival[-1].share.value >= 1 / kl.size  # the infinite one
    for one in found.kl_survival:
        assert one.share.value == np.mean(kl >= one.kl_divergence)
        assert one.share.low <= one.share.value <= one.share.high
    values = [one.kl_divergence for one in found.kl_survival]
    assert values[0] <= kl.min() and np.sort(kl.ravel())[-2] <= values[-1]
    ratios = np.array(values[1:]) / np.array(values[:-1])
    assert set(np.round(ratios, 12)) <= {1.5, round(4 / 3, 12)}
    same = us.fidelity(base, base)
    assert same.kl_survival == ()


def test_shifts_are_counted_as_a_histogram_is() -> None:
    base, other, targets = data()
    found = us.fidelity(base, other, targets=targets).target_shift
    p, q = (np.take_along_axis(np.exp(log_softmax(side)), targets[..., None], -1)
            for side in (base, other))  # fmt: skip
    edges = [one.low for one in found.histogram] + [found.histogram[-1].high]
    assert edges[0] == -1 and edges[-1] == 1 and len(edges) == 20
    assert [one.tokens for one in found.histogram] == np.histogram(q - p, edges)[0].tolist()
    for one in found.histogram:
        assert one.share.value == one.tokens / targets.size
        assert 0 <= one.share.low <= one.share.value <= one.share.high <= 1


def test_of_one_document_shares_are_those_of_independent_tokens() -> None:
    base, other, targets = (side[:1] for side in data())
    found = us.fidelity(base, other, targets=targets)
    one = found.target_shift.histogram[9]
    ends = stats.binomtest(one.tokens, LENGTH).proportion_ci(method="wilson")
    # Wilson's with Student's t for 14 degrees of freedom is a little wider.
    assert one.share.low == pytest.approx(ends.low, abs=0.03) and one.share.low <= ends.low
    assert one.share.high == pytest.approx(ends.high, abs=0.03) and one.share.high >= ends.high


def test_ranks_of_the_worst_tokens() -> None:
    base, other, targets = data()
    base[:, :, 1] = base[:, :, 0]  # equals share a rank
    found = us.fidelity(base, other, targets=targets, top=30)
    assert len(found.worst_tokens) == 30
    for one in found.worst_tokens:
        at = (int(one.document), one.position)
        assert one.target == targets[at]
        for side, rank in ((base, one.base_rank), (other, one.other_rank)):
            assert rank == stats.rankdata(-side[at], "min")[one.target]


def test_a_target_at_the_floor_has_no_rank(tmp_path: Path) -> None:
    base, other, targets = models(2, 12, WIDTH, 0.3)
    targets[:] = 5
    base[:, 8, 5] = base[:, 8].max(axis=-1) - 30
    path = written(tmp_path / "base.kld", kld_bytes(base, targets))
    found = us.fidelity(path, other, top=100)
    ranks = {one.position: (one.base_rank, one.other_rank) for one in found.worst_tokens}
    # Row r of a context says the token after it.
    assert ranks[9][0] is None and ranks[9][1] >= 1
    assert all(rank[0] is not None for place, rank in ranks.items() if place != 9)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"by": {"a": np.arange(7)}}, r"by\['a'\] holds 7 values for 360 tokens of 24 documents"),
        ({"by": ["de"]}, "expected columns by their names"),
        ({"by": {3: np.arange(360)}}, "a text as its name"),
        ({"mask": np.ones(7)}, "1 or 0 for each"),
        ({"mask": np.full((24, 15), 2)}, "mask, row 0: found 2; expected 1 or true"),
        ({"mask": np.full((24, 15), "x")}, "mask, row 0: found 'x'"),
        ({"mask": np.zeros((24, 15))}, "of 360 tokens a mask leaves out 360, and targets 0"),
    ],
)
def test_what_is_wrong_is_said(given: dict, said: str) -> None:
    base, other, _ = data()
    with pytest.raises(us.UnsurprisedError, match=said):
        us.fidelity(base, other, **given)


def test_what_is_said_of_documents_is_found_by_their_names() -> None:
    base, other, _ = data()
    sides = [{f"d{k}": rows for k, rows in enumerate(side)} for side in (base, other)]
    shown = {f"d{k}": ["de", "en"][k % 2] for k in random_order()}

    def values(found: us.Fidelity) -> dict[str | None, float]:
        return {one.value: one.kl_divergence.value for one in found.slices}

    kl = token_kl(base, other)
    expected = {"de": kl[::2].mean(), "en": kl[1::2].mean()}
    assert values(us.fidelity(*sides, by={"language": shown})) == pytest.approx(expected)
    with pytest.raises(us.InputError, match="found nothing of the document 'd0'"):
        us.fidelity(*sides, by={"language": {f"e{k}": "de" for k in range(24)}})
    # Documents that nobody named are taken in their order.
    by = {f"e{k}": ["de", "en"][k % 2] for k in range(24)}
    assert values(us.fidelity(base, other, by={"language": by})) == pytest.approx(expected)
    rows = [side.reshape(360, -1) for side in (base, other)]
    document = np.repeat(list(sides[0]), LENGTH)
    named = us.fidelity(*rows, document=document, by={"language": ["de", "en"] * 12})
    assert values(named) == pytest.approx(expected)


def random_order() -> list[int]:
    return np.random.default_rng(1).permutation(DOCUMENTS).tolist()


def test_a_meter_keeps_to_its_columns() -> None:
    base, other, _ = data()
    meter = us.FidelityMeter().update(base, other, by={"a": np.arange(24) % 2})
    with pytest.raises(us.CallError, match="found slices by nothing, and by a before"):
        meter.update(base, other)
    with pytest.raises(us.StateError, match="slices by a and nothing"):
        meter.merge(us.FidelityMeter().update(base, other))
    with pytest.raises(us.StateError, match="do not merge"):
        meter.merge(us.FidelityMeter(bins={"a": [1]}))
    assert meter.merge(us.FidelityMeter()).result().tokens == 360


def test_lists_are_sliced_and_masked_too() -> None:
    base, other, targets = data()
    tokens = DOCUMENTS * LENGTH
    order = [np.argsort(-side.reshape(tokens, WIDTH), axis=1)[:, :8] for side in (base, other)]
    sides = [
        us.TopLogProbs(
            ids,
            np.take_along_axis(log_softmax(side).reshape(tokens, WIDTH), ids, axis=1),
            targets=targets.ravel(),
            document=np.repeat(np.arange(DOCUMENTS), LENGTH),
        )
        for side, ids in zip((base, other), order, strict=True)
    ]
    mask, half = np.arange(tokens) % 4 > 0, np.repeat(["early", "late"], tokens // 2)
    found = us.fidelity(*sides, mask=mask, by={"half": half}, top=5)
    assert (found.tokens, found.masked) == (mask.sum(), tokens - mask.sum())
    assert {one.value: one.tokens for one in found.slices} == {"early": 135, "late": 135}
    for one in found.worst_tokens:
        place = int(one.document) * LENGTH + one.position
        listed = order[0][place].tolist()
        rank = listed.index(one.target) + 1 if one.target in listed else None
        assert one.base_rank == rank
