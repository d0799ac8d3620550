"""On ordinary rows, the numbers of SciPy, scikit-learn and PyTorch."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import scipy.spatial
import scipy.special
import scipy.stats
import sklearn.datasets
import sklearn.metrics
import sklearn.tree
from numpy.testing import assert_allclose

import unsurprised as us

E = math.e
#: What the others lose on such rows: their sums run over rounded probabilities, one by one.
RTOL = 1e-11
CLASSES = [2, 3, 10, 1000]


def rows(classes: int, count: int = 2) -> list[Any]:
    """Twenty rows a side, which are not near each other."""
    rng = np.random.default_rng(classes)
    return list(rng.dirichlet(np.ones(classes), (count, 20)))


def labels(clusters: int, size: int = 500) -> tuple[Any, Any]:
    """Two labellings that agree more often than chance makes them."""
    rng = np.random.default_rng(clusters)
    first = rng.integers(clusters, size=size)
    return first, np.where(rng.random(size) < 0.3, first, rng.integers(clusters + 2, size=size))


@pytest.mark.parametrize("classes", CLASSES)
@pytest.mark.parametrize("base", [2, E, 10])
def test_scipy_stats_entropy(classes: int, base: float) -> None:
    p, q = rows(classes)
    theirs = scipy.stats.entropy
    assert_allclose(us.entropy(p, base=base), theirs(p, base=base, axis=-1), RTOL)
    assert_allclose(us.kl_divergence(p, q, base=base), theirs(p, q, base=base, axis=-1), RTOL)
    both = theirs(p, base=base, axis=-1) + theirs(p, q, base=base, axis=-1)
    assert_allclose(us.cross_entropy(p, q, base=base), both, RTOL)
    events = p[:, 0]
    two = np.stack([events, 1 - events])
    assert_allclose(us.binary_entropy(events, base=base), theirs(two, base=base, axis=0), RTOL)
    assert_allclose(us.efficiency(p), theirs(p, axis=-1) / math.log(classes), RTOL)
    assert_allclose(us.perplexity(p), np.exp(theirs(p, axis=-1)), RTOL)


@pytest.mark.parametrize("classes", CLASSES)
def test_scipy_special(classes: int) -> None:
    p, q = rows(classes)
    special = scipy.special
    assert_allclose(us.entropy(p, base=E), special.entr(p).sum(-1), RTOL)
    assert_allclose(us.kl_divergence(p, q, base=E), special.rel_entr(p, q).sum(-1), RTOL)
    assert_allclose(us.kl_divergence(p, q, base=E), special.kl_div(p, q).sum(-1), RTOL)
    there_and_back = special.kl_div(p, q) + special.kl_div(q, p)
    assert_allclose(us.jeffreys_divergence(p, q, base=E), there_and_back.sum(-1), RTOL)
    assert_allclose(us.population_stability_index(p, q), there_and_back.sum(-1), RTOL)
    logits = np.log(p) + np.arange(20)[:, None]
    surprisals = -special.log_softmax(logits, axis=-1)
    at = np.arange(20) % classes
    found = us.surprisal(us.Logits(logits), at=at, base=E)
    assert_allclose(found, surprisals[range(20), at], RTOL)


@pytest.mark.parametrize("classes", CLASSES)
@pytest.mark.parametrize("base", [2, E])
def test_scipy_jensenshannon(classes: int, base: float) -> None:
    p, q = rows(classes)
    theirs = scipy.spatial.distance.jensenshannon(p, q, base=base, axis=-1)
    assert_allclose(us.js_distance(p, q, base=base), theirs, RTOL)
    assert_allclose(us.js_divergence(p, q, base=base), theirs**2, RTOL)


@pytest.mark.parametrize("classes", CLASSES)
def test_scipy_cressie_read(classes: int) -> None:
    """Its power divergence of λ is twice the alpha divergence of λ + 1."""
    p, q = rows(classes)
    for power in (-2, -1, -0.5, 0, 2 / 3, 1):
        theirs = scipy.stats.power_divergence(p, q, axis=-1, lambda_=power).statistic
        assert_allclose(2 * us.alpha_divergence(p, q, power + 1), theirs, RTOL)
    assert_allclose(us.chi_squared_divergence(p, q), theirs, RTOL)
    assert_allclose(us.tsallis_divergence(p, q, 2), theirs, RTOL)
    assert_allclose(us.renyi_divergence(p, q, 2, base=E), np.log1p(theirs), RTOL)


@pytest.mark.parametrize("classes", CLASSES)
def test_scipy_distances(classes: int) -> None:
    for p, q in zip(*rows(classes), strict=True):
        total = scipy.spatial.distance.cityblock(p, q) / 2
        assert us.total_variation(p, q) == pytest.approx(total, rel=RTOL)
        roots = scipy.spatial.distance.euclidean(np.sqrt(p), np.sqrt(q)) / math.sqrt(2)
        assert us.hellinger_distance(p, q) == pytest.approx(roots, rel=RTOL)
        overlap = 1 - roots**2
        assert us.bhattacharyya_coefficient(p, q) == pytest.approx(overlap, rel=RTOL)
        assert us.bhattacharyya_distance(p, q, base=E) == pytest.approx(
            -math.log(overlap), rel=1e-9
        )


@pytest.mark.parametrize("size", [(2, 2), (3, 5), (20, 30)])
def test_scipy_log_likelihood_ratio(size: tuple[int, int]) -> None:
    """Its G statistic is 2 N times the mutual information."""
    table = np.random.default_rng(0).integers(1, 50, size)
    theirs = scipy.stats.chi2_contingency(table, correction=False, lambda_="log-likelihood")
    shared = us.mutual_information(us.Counts(table), base=E)
    assert 2 * table.sum() * shared == pytest.approx(theirs.statistic, rel=1e-9)
    joint = scipy.stats.entropy(table.ravel(), base=2)
    assert us.joint_entropy(us.Counts(table)) == pytest.approx(joint, rel=RTOL)
    alone = [scipy.stats.entropy(table.sum(axis), base=2) for axis in (1, 0)]
    conditional = us.conditional_entropy(us.Counts(table))
    assert conditional == pytest.approx(joint - alone[0], rel=RTOL)
    variation = us.variation_of_information(us.Counts(table))
    assert variation == pytest.approx(2 * joint - sum(alone), rel=RTOL)


@pytest.mark.parametrize("clusters", [2, 5, 40])
def test_scikit_learn_information(clusters: int) -> None:
    a, b = labels(clusters)
    metrics = sklearn.metrics
    assert us.mutual_information(a, b, base=E) == pytest.approx(
        metrics.mutual_info_score(a, b), rel=1e-10
    )
    for mean in ("min", "max", "arithmetic", "geometric"):
        theirs = metrics.normalized_mutual_info_score(a, b, average_method=mean)
        found = us.normalized_mutual_information(a, b, normalization=mean)
        assert found == pytest.approx(theirs, rel=1e-10)
        theirs = metrics.adjusted_mutual_info_score(a, b, average_method=mean)
        found = us.adjusted_mutual_information(a, b, normalization=mean)
        assert found == pytest.approx(theirs, rel=1e-9)


@pytest.mark.parametrize("clusters", [2, 5, 40])
@pytest.mark.parametrize("beta", [0.3, 1.0, 4.0])
def test_scikit_learn_v_measure(clusters: int, beta: float) -> None:
    a, b = labels(clusters)
    theirs = sklearn.metrics.homogeneity_completeness_v_measure(a, b, beta=beta)
    found = us.homogeneity(a, b), us.completeness(a, b), us.v_measure(a, b, beta=beta)
    assert found == pytest.approx(theirs, rel=1e-10)


@pytest.mark.parametrize("classes", CLASSES)
def test_scikit_learn_log_loss(classes: int) -> None:
    p, _ = rows(classes)
    y = np.arange(20) % classes
    theirs = sklearn.metrics.log_loss(y, p, labels=np.arange(classes))
    found = us.cross_entropy(us.Labels(y), p, base=E)
    assert np.mean(found) == pytest.approx(theirs, rel=RTOL)


@pytest.mark.parametrize("criterion", ["gini", "entropy"])
def test_scikit_learn_impurity(criterion: str) -> None:
    """Of every node of a tree, from the shares of its classes."""
    x, y = sklearn.datasets.load_iris(return_X_y=True)
    tree = sklearn.tree.DecisionTreeClassifier(criterion=criterion, random_state=0).fit(x, y).tree_
    measure = {"gini": us.gini_impurity, "entropy": us.entropy}[criterion]
    found = measure(us.Probs(tree.value[:, 0], normalize=True))
    assert_allclose(found, tree.impurity, rtol=RTOL, atol=1e-15)


@pytest.fixture
def torch() -> Any:
    return pytest.importorskip("torch")


@pytest.mark.parametrize("classes", CLASSES)
def test_torch_kl_div(torch: Any, classes: int) -> None:
    p, q = rows(classes)
    ours = us.kl_divergence(p, q, base=E)
    logarithms = torch.tensor(q).log()
    kl_div = torch.nn.functional.kl_div
    theirs = kl_div(logarithms, torch.tensor(p), reduction="none").sum(-1)
    assert_allclose(ours, theirs.numpy(), RTOL)
    theirs = kl_div(logarithms, torch.tensor(p).log(), reduction="none", log_target=True).sum(-1)
    assert_allclose(
        us.kl_divergence(us.LogProbs(np.log(p)), us.LogProbs(np.log(q)), base=E), ours, RTOL
    )
    assert_allclose(ours, theirs.numpy(), RTOL)


@pytest.mark.parametrize("classes", CLASSES)
def test_torch_distributions(torch: Any, classes: int) -> None:
    p, q = (torch.tensor(side) for side in rows(classes))
    categorical = torch.distributions.Categorical
    distance = torch.distributions.kl_divergence
    theirs = distance(categorical(probs=p), categorical(probs=q)).numpy()
    assert_allclose(us.kl_divergence(p.numpy(), q.numpy(), base=E), theirs, RTOL)
    z, w = 3 * p.log(), q.log() - 5
    theirs = distance(categorical(logits=z), categorical(logits=w)).numpy()
    ours = us.kl_divergence(us.Logits(z.numpy()), us.Logits(w.numpy()), base=E)
    assert_allclose(ours, theirs, RTOL)
    theirs = categorical(logits=z).entropy().numpy()
    assert_allclose(us.entropy(us.Logits(z.numpy()), base=E), theirs, RTOL)


@pytest.mark.parametrize("classes", CLASSES)
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_torch_cross_entropy(torch: Any, classes: int, smoothing: float) -> None:
    p, q = (torch.tensor(side) for side in rows(classes))
    z, y = q.log() + 2, torch.arange(20) % classes
    cross_entropy = torch.nn.functional.cross_entropy
    theirs = cross_entropy(z, y, reduction="none", label_smoothing=smoothing).numpy()
    truth = us.Labels(y.numpy(), smoothing=smoothing, classes=classes)
    assert_allclose(us.cross_entropy(truth, us.Logits(z.numpy()), base=E), theirs, RTOL)
    theirs = cross_entropy(z, p, reduction="none").numpy()
    assert_allclose(us.cross_entropy(p.numpy(), us.Logits(z.numpy()), base=E), theirs, RTOL)
