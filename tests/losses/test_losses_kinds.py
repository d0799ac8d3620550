"""Tensors and arrays of other kinds: fake, spread out, nested, sparse, masked, of other axes."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from unsurprised.errors import CallError, InputError
from unsurprised.losses import numpy as for_numpy

torch = pytest.importorskip("torch")
from torch.nn import functional  # noqa: E402

import unsurprised as us  # noqa: E402
from unsurprised.losses.torch import (  # noqa: E402
    LinearTeacher,
    TopK,
    cross_entropy_loss,
    distill_loss,
    kl_loss,
    linear_cross_entropy_loss,
    linear_distill_loss,
)

_GENERATOR = torch.Generator().manual_seed(0)
X = torch.randn(4, 5, generator=_GENERATOR)
Y = torch.tensor([0, 1, -100, 3])
SHARES = torch.softmax(torch.randn(4, 5, generator=_GENERATOR), -1)
HIDDEN, LAYER = torch.randn(4, 3, generator=_GENERATOR), torch.randn(5, 3, generator=_GENERATOR)
WEIGHT = torch.rand(5, generator=_GENERATOR) + 0.1
ROWS = torch.tensor([1.0, 0.0, 2.0, 0.5])
EVERYTHING = {"softcap": 3.0, "temperature": 2.0, "z_loss": 0.1, "entropy_bonus": 0.1}

CALLS = {
    "labels": lambda t: cross_entropy_loss(t(X), t(Y)),
    "options": lambda t: cross_entropy_loss(t(X), t(Y), label_smoothing=0.1, **EVERYTHING),
    "weights": lambda t: cross_entropy_loss(t(X), t(Y), weight=t(WEIGHT), sample_weight=t(ROWS)),
    "shares": lambda t: cross_entropy_loss(t(X), t(SHARES), focal_gamma=1.0),
    "rows": lambda t: cross_entropy_loss(t(X), t(Y), reduction="none").sum(),
    "distill": lambda t: distill_loss(t(X), t(SHARES), kind="jsd", sample_weight=t(ROWS)),
    "kl": lambda t: kl_loss(t(X), t(SHARES)),
    "layer": lambda t: linear_cross_entropy_loss(t(HIDDEN), t(LAYER), t(Y)),
    "distilled layer": lambda t: linear_distill_loss(t(HIDDEN), t(LAYER), t(SHARES)),
    "two layers": lambda t: linear_distill_loss(
        t(HIDDEN), t(LAYER), LinearTeacher(t(HIDDEN), t(LAYER))
    ),
}
every_call = pytest.mark.parametrize("call", CALLS.values(), ids=list(CALLS))


class Given:
    """The tensors of a call as another kind, those of floats with a gradient."""

    def __init__(self, convert):
        self._convert, self.leaves = convert, []

    def __call__(self, tensor):
        made = self._convert(tensor)
        if tensor is X or tensor is HIDDEN:
            made = made.detach().requires_grad_()
            self.leaves.append(made)
        return made


@every_call
def test_of_the_device_without_memory(call):
    given = Given(lambda tensor: tensor.to("meta"))
    loss = call(given)
    loss.backward()
    assert loss.device.type == "meta" and loss.shape == () and loss.dtype == torch.float32
    assert given.leaves[0].grad.shape == given.leaves[0].shape


@every_call
def test_fake_tensors(call):
    from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode

    with FakeTensorMode() as mode:
        given = Given(mode.from_tensor)
        loss = call(given)
        loss.backward()
    assert isinstance(loss, FakeTensor) and loss.shape == ()
    assert given.leaves[0].grad.shape == given.leaves[0].shape


@pytest.fixture(scope="module")
def mesh():
    from torch import distributed
    from torch.distributed.tensor import init_device_mesh

    distributed.init_process_group("gloo", store=distributed.HashStore(), rank=0, world_size=1)
    yield init_device_mesh("cpu", (1,))
    distributed.destroy_process_group()


def spread(tensor, mesh, place=None):
    from torch.distributed.tensor import Replicate, Shard, distribute_tensor

    rows = len(tensor) == 4
    return distribute_tensor(tensor, mesh, [place or (Shard(0) if rows else Replicate())])


@every_call
def test_tensors_that_are_spread_over_devices(call, mesh):
    given, plain = Given(lambda tensor: spread(tensor, mesh)), Given(torch.clone)
    loss, expected = call(given), call(plain)
    torch.testing.assert_close(loss.full_tensor(), expected)
    loss.backward()
    expected.backward()
    torch.testing.assert_close(given.leaves[0].grad.full_tensor(), plain.leaves[0].grad)


def test_what_cannot_be_spread(mesh):
    """PyTorch's argmax over classes of several devices is another class's."""
    from torch.distributed.tensor import Shard

    with pytest.raises(CallError, match=r"^logits is a DTensor whose rows are not whole on a dev"):
        cross_entropy_loss(spread(X, mesh, Shard(1)), spread(Y, mesh))
    with pytest.raises(CallError, match=r"^teacher is a DTensor whose rows are .*full_tensor\(\)$"):
        distill_loss(spread(X, mesh), spread(SHARES, mesh, Shard(1)))
    with pytest.raises(CallError, match=r"^logits is a DTensor and target is not; .*full_tensor"):
        cross_entropy_loss(spread(X, mesh), Y)


def nested():
    return torch.nested.nested_tensor([X[:2], X[:3]], layout=torch.jagged)


def masked():
    return torch.masked.masked_tensor(X, X > 0)


DENSE = {
    "nested": (nested, "nested", r"torch.nested.to_padded_tensor\(logits, 0.0\)"),
    "coo": (X.to_sparse, "of layout torch.sparse_coo", r"logits.to_dense\(\)"),
    "csr": (X.to_sparse_csr, "of layout torch.sparse_csr", r"logits.to_dense\(\)"),
    "mkldnn": (X.to_mkldnn, "of layout torch._mkldnn", r"logits.to_dense\(\)"),
    "masked": (masked, "masked", r"logits.to_tensor\(-math.inf\)"),
}


@pytest.mark.filterwarnings("ignore:.*(masked|Masked|CSR|beta|prototype).*:UserWarning")
@pytest.mark.parametrize(("make", "found", "remedy"), DENSE.values(), ids=list(DENSE))
def test_what_is_not_dense(make, found, remedy):
    with pytest.raises(
        CallError, match=f"^logits is a tensor {found}; expected a dense .*{remedy}"
    ):
        cross_entropy_loss(make(), Y)


def test_arrays_that_are_not_plain():
    array = np.ma.masked_array(X.numpy(), X.numpy() < 0)
    with pytest.raises(CallError, match=r"^logits is a masked array; .*logits.filled\(value\)"):
        for_numpy.cross_entropy_loss(array, Y.numpy())
    with pytest.raises(CallError, match=r"^teacher is a masked array; "):
        for_numpy.distill_loss(X.numpy(), array)
    from scipy.sparse import csr_matrix

    with pytest.raises(CallError, match=r"^logits is a sparse csr_matrix; .*logits.todense\(\)"):
        for_numpy.cross_entropy_loss(csr_matrix(X.numpy()), Y.numpy())


@pytest.fixture
def elsewhere():
    torch.set_default_device("meta")
    yield
    torch.set_default_device(None)


@every_call
def test_a_default_device_that_is_not_the_datas(call, elsewhere):
    given = Given(torch.clone)
    loss = call(given)
    loss.backward()
    assert loss.isfinite() and given.leaves[0].grad.isfinite().all()


def test_measures_on_a_default_device_that_is_not_the_datas(elsewhere):
    expected = us.entropy(SHARES.numpy())
    np.testing.assert_allclose(us.entropy(SHARES).numpy(), expected)
    np.testing.assert_allclose(us.entropy(us.Logits(SHARES.log())).numpy(), expected, rtol=1e-6)
    leaf = SHARES.clone().requires_grad_()
    for found in (us.kl_divergence(leaf, SHARES.roll(1, -1)), us.renyi_entropy(leaf, 2)):
        assert found.device.type == "cpu" and found.isfinite().all()
        found.sum().backward()


SQUARE = torch.randn(2, 5, 5, generator=_GENERATOR)
OF_SQUARE = torch.tensor([[0, 1, 2, 3, 4], [1, 1, 3, 0, 2]])
AMBIGUOUS = (
    "the classes may be along the last axis, or along axis 1 as in "
    "torch.nn.functional.cross_entropy; say which: axis=-1 or axis=1"
)


def test_classes_on_either_axis_are_never_guessed():
    """Logits (N, C, d) with d = C, and distributions: PyTorch has classes on axis 1."""
    labels = f"logits of shape (2, 5, 5) and a target of shape (2, 5): {AMBIGUOUS}"
    wide = SQUARE[..., :3]
    shares = f"logits of shape (2, 5, 3) and a target of shape (2, 5, 3): {AMBIGUOUS}"
    for logits, target, message in (
        (SQUARE, OF_SQUARE, labels),
        (wide, torch.softmax(wide, 1), shares),
        (wide, torch.softmax(wide, -1), shares),
    ):
        for call, given in (
            (cross_entropy_loss, (logits, target)),
            (for_numpy.cross_entropy_loss, (logits.numpy(), target.numpy())),
        ):
            with pytest.raises(CallError, match=f"^{re.escape(message)}$"):
                call(*given)
        expected = functional.cross_entropy(logits, target)
        torch.testing.assert_close(
            cross_entropy_loss(logits, target, axis=1, check=False), expected
        )
    last = functional.cross_entropy(SQUARE.reshape(10, 5), OF_SQUARE.reshape(10))
    torch.testing.assert_close(cross_entropy_loss(SQUARE, OF_SQUARE, axis=-1), last)


def test_one_reading_needs_no_word():
    logits = SQUARE[:, :4]
    expected = functional.cross_entropy(logits.reshape(8, 5), OF_SQUARE[:, :4].reshape(8))
    torch.testing.assert_close(cross_entropy_loss(logits, OF_SQUARE[:, :4]), expected)
    with pytest.raises(CallError, match=r"; classes along axis 1 need axis=1$"):
        cross_entropy_loss(logits, OF_SQUARE % 4)


@pytest.mark.parametrize("value", [-math.inf, math.nan, math.inf])
def test_a_row_of_a_teacher_without_a_softmax(value):
    teacher = X.clone()
    teacher[2] = value
    found = "a row of logits that is −inf only" if value == -math.inf else f"found {value:g}"
    message = (
        f"teacher, row 2: {found}; expected finite numbers, or −inf for some of the classes; a "
        "sample_weight of 0 leaves the row out"
    )
    calls = [
        lambda: distill_loss(X, teacher),
        lambda: linear_distill_loss(HIDDEN, LAYER, teacher),
        lambda: for_numpy.distill_loss(X.numpy(), teacher.numpy()),
    ]
    for call in calls:
        with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
            call()
    weight = torch.tensor([1.0, 1.0, 0.0, 1.0])
    assert distill_loss(X, teacher, sample_weight=weight).isfinite()
    assert distill_loss(X, teacher, reduction="none", check=False).isnan().tolist() == [
        False,
        False,
        True,
        False,
    ]


def test_a_teacher_of_all_classes_and_no_probability():
    nothing = TopK(torch.full((4, 5), -math.inf), torch.arange(5).expand(4, 5))
    with pytest.raises(InputError, match=r"^teacher, row 0: found log-probabilities of a total pr"):
        distill_loss(X, nothing)


def test_a_row_of_a_teacher_in_traced_code():
    teacher = X.clone()
    teacher[2] = -math.inf

    def compiled(**options):
        return torch.compile(
            lambda x, t: distill_loss(x, t, **options), fullgraph=True, backend="aot_eager"
        )(X, teacher)

    assert compiled(reduction="none").isnan().tolist() == [False, False, True, False]
    with pytest.raises(RuntimeError, match="a row of the teacher is no distribution"):
        compiled(check=True)
