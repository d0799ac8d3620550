"""What the benchmarks of fidelity say of their numbers; nothing here looks at a clock."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from benchmarks import (
    coverage_fidelity,
    coverage_groups,
    coverage_parts,
    fidelity,
    fidelity_kld,
    fidelity_worker,
)

import unsurprised as us

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results"


def test_the_page_is_that_of_the_record() -> None:
    record = json.loads((RESULTS / "fidelity.json").read_text(encoding="utf-8"))
    assert fidelity.markdown(record) == (RESULTS / "fidelity.md").read_text(encoding="utf-8")


def test_all_works_measure_the_same_two_files(tmp_path: Path) -> None:
    files = tmp_path / "base.npy", tmp_path / "other.npy"
    fidelity_worker.make(files, 130, 300)
    base, other = (np.load(file) for file in files)
    assert base.shape == (130, 300)
    assert base.dtype == np.float16
    true = float(us.kl_divergence(us.Logits(base), us.Logits(other)).mean())
    assert fidelity_worker.fidelity_of_files(files) == pytest.approx(true, rel=1e-6)
    assert fidelity_worker.fidelity_of_mapped(files) == pytest.approx(true, rel=1e-6)


def test_works_of_peers_answer_the_same(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    files = tmp_path / "base.npy", tmp_path / "other.npy"
    fidelity_worker.make(files, 70, 300)
    found = fidelity_worker.torch_kl(files)
    assert found == pytest.approx(fidelity_worker.fidelity_of_files(files), rel=1e-3)


def test_aims_are_held_against_what_was_measured() -> None:
    line = {"seconds": 1.0, "cpu": 2.0, "own": 5e7, "answer": None}
    warm = {name: dict(line) for name in fidelity.WORKS}
    warm["torch_kl"]["cpu"] = 20.0
    cold = {"read_thrifty": {**line, "seconds": 5.0}, "fidelity_of_files": line}
    said = fidelity.sentence(warm, cold)
    assert "1.0 × as long as `np.load` of both files" in said
    assert "from the disk 0.2 × as long as a read of it (aim: 2.5 × one read)" in said
    assert "50 MB (aim: 200)" in said
    assert "PyTorch's KL alone takes 10.0 × their CPU seconds (aim: 6 ×)" in said


def test_simulated_documents_have_every_interval_that_is_counted() -> None:
    scenario = coverage_fidelity.SCENARIOS[0]
    found = coverage_fidelity.estimates(scenario, np.random.default_rng(2))
    assert set(found) >= {"kl divergence", "top agreement", "quantile 0.99 of KL"}
    for name, each in found.items():
        assert np.isnan(each.low) or each.low <= each.value <= each.high, name
    # 3,000 tokens tell nothing of what one in a thousand is beyond.
    assert np.isnan(found["quantile 0.999 of KL"].low)


def test_what_is_true_of_all_documents_is_true_of_very_many() -> None:
    scenario = coverage_fidelity.SCENARIOS[0]
    truth = coverage_fidelity.truth_of(0)
    found = coverage_fidelity.estimates(scenario, np.random.default_rng(2), 1500)
    assert set(found) == set(truth)
    for name, each in found.items():
        half = (each.high - each.low) / 2 + 0.005 * abs(each.value)  # of a quantile's bin
        assert np.isnan(half) or abs(each.value - truth[name]) < 2 * half, name
    assert abs(found["kl divergence"].value / truth["kl divergence"] - 1) < 0.05
    shares = [value for name, value in truth.items() if name.startswith("Δp from")]
    assert sum(shares) == pytest.approx(1, abs=1e-12)


def test_ways_to_make_an_interval_are_set_beside_student() -> None:
    found = coverage_groups.cells("20 to 700, short ones as many", "lognormal, 1", 300)
    shares, widths = zip(*(cell.removesuffix(")").split(" (") for cell in found), strict=True)
    assert widths[0] == "1.00" < widths[2]
    assert float(shares[0]) < float(shares[1]) < float(shares[2]) < float(shares[4])
    assert float(widths[2]) < float(widths[3]) < float(widths[4]) < 2
    assert coverage_groups.cells("50 to 150 tokens", "normal", 20)[-1] == "–"


def test_parts_of_a_long_tail_have_an_interval_where_it_holds() -> None:
    ratio, alone, beside, given = coverage_parts.cells("Weibull, 0.4", 2, 200)
    assert ratio == "3.9" and float(alone) < float(beside) > 93 and 30 < float(given) < 95
    assert coverage_parts.cells("gamma, 0.05", 1, 20)[2:] == ["–", "0"]


def test_intervals_that_hold_the_truth_are_counted() -> None:
    names = coverage_fidelity.estimates(
        coverage_fidelity.SCENARIOS[0], np.random.default_rng([13, 0])
    )
    truth = {name: each.value for name, each in names.items()}
    held = coverage_fidelity.cover(0, truth, range(1))
    assert held["kl divergence"] == [1, 1]
    assert held["quantile 0.999 of KL"] == [0, 0]
    missed = coverage_fidelity.cover(0, dict.fromkeys(truth, 1e9), range(1))
    assert missed["kl divergence"] == [0, 1]


LLAMA = """struct kl_divergence_result {
    double sum_kld = 0.0;
    size_t count = 0;
};
static double log_softmax(int n_vocab, const float *, const uint16_t *, int tok,
                          kl_divergence_result & kld) {
    kld.sum_kld += n_vocab + (tok < n_vocab ? 0.5 : 0.0);
    return ++kld.count;
}
static void process_logits(int) {}
"""


def test_a_kld_file_beside_a_function_that_is_cut_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is one of ours, and the function is called for each of its rows."""
    if shutil.which("c++") is None:
        pytest.skip("no compiler")
    for name, value in (("CONTEXT", 6), ("CHUNKS", 3), ("ROWS", 2), ("TURNS", 1)):
        monkeypatch.setattr(fidelity_kld, name, value)
    (tmp_path / "perplexity.cpp").write_text("before\n" + LLAMA + "after\n")
    fidelity_kld.make(tmp_path, 301)
    found = us.fidelity(str(tmp_path / "base.kld"), str(tmp_path / "other.npy"))
    assert (found.tokens, found.documents) == (6, 3)
    program = fidelity_kld.compiled(tmp_path, tmp_path / "perplexity.cpp")
    offset = str(np.load(tmp_path / "other.npy", mmap_mode="r").offset)
    files = [str(tmp_path / name) for name in ("base.kld", "other.npy")]
    done = subprocess.run([program, *files, offset, "1"], capture_output=True, check=True)
    assert json.loads(done.stdout)["answer"] == 301.5
    assert fidelity_kld.measuring(*files) > 0
    mine = {"cpu": 2e-6, "measuring": 1e-6, "answer": 0.5}
    record = {"rows": 6, "vocabulary": 301, "ours": mine}
    (line,) = fidelity_kld.lines({**record, "llama": {"cpu": 3e-6, "answer": 0.5}})
    assert "3.0 × as long as ours" in line


def test_another_source_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other.cpp").write_text("int main() {}")
    with pytest.raises(SystemExit, match="no 'struct kl_divergence_result"):
        fidelity_kld.compiled(tmp_path, tmp_path / "other.cpp")
