"""How scikit-learn's metadata (weights, groups, …) find those who asked for them.

The protocol of its ``BaseEstimator``, from public parts alone: scikit-learn is imported where it
calls, for this package does without it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Self, TypeVar

from unsurprised.copies import Kept
from unsurprised.errors import CallError

#: scikit-learn's own ``UNCHANGED``: the request stays what it is.
UNCHANGED = "$UNCHANGED$"

Metadata = dict[str, Any]
Request = bool | str | None
Scorer = TypeVar("Scorer", bound=Callable[..., Any])


class Requester(Kept):
    """Base of what takes metadata, and says in ``set_fit_request`` which it wants."""

    #: What each method takes.
    _takes: ClassVar[Mapping[str, tuple[str, ...]]] = {"fit": ("sample_weight",)}

    _metadata_request: Any

    def _routing_repr(self) -> str:
        """What scikit-learn's messages call it."""
        return type(self).__name__

    def get_metadata_routing(self) -> Any:
        """Which metadata each method asks for, as scikit-learn wants to know."""
        return self._get_metadata_request()

    def set_fit_request(self, **requests: Request) -> Self:
        """Ask for metadata of ``fit`` or decline them, under scikit-learn's metadata routing."""
        return self._requested("fit", requests)

    def _get_metadata_request(self) -> Any:
        from sklearn.utils.metadata_routing import MetadataRequest, get_routing_for_object

        # scikit-learn's clone looks for this very attribute.
        if hasattr(self, "_metadata_request"):
            return get_routing_for_object(self._metadata_request)
        own = MetadataRequest(owner=self._routing_repr())
        for method, names in self._takes.items():
            for name in names:
                getattr(own, method).add_request(param=name, alias=None)
        return own

    def _requested(self, method: str, requests: Mapping[str, Request]) -> Self:
        if not is_enabled():
            raise CallError(
                f"set_{method}_request says something under metadata routing only, which is off; "
                "expected sklearn.set_config(enable_metadata_routing=True) first"
            )
        own = self._get_metadata_request()
        for name, request in requests.items():
            if name not in self._takes[method]:
                raise CallError(
                    f"{type(self).__name__}.{method} takes no {name!r}; expected "
                    f"{' or '.join(self._takes[method])}"
                )
            if request != UNCHANGED:
                getattr(own, method).add_request(param=name, alias=request)
        self._metadata_request = own
        return self


def is_enabled() -> bool:
    """Whether scikit-learn routes metadata by requests."""
    import sklearn

    return bool(sklearn.get_config().get("enable_metadata_routing", False))


def router_of(model: Any, classifier: Any, splitter: Any) -> Any:
    """Routes of ``fit`` to a classifier and a splitter, and to the model itself if there is one."""
    from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping

    router = MetadataRouter(owner="CalibratedModel")
    if model is not None:
        router.add_self_request(model)
    return router.add(
        classifier=classifier, method_mapping=MethodMapping().add(caller="fit", callee="fit")
    ).add(splitter=splitter, method_mapping=MethodMapping().add(caller="fit", callee="split"))


def shared_out(model: Any, metadata: Metadata) -> tuple[Metadata, Metadata]:
    """What the classifier's ``fit`` gets of the metadata, and what ``cross_val_predict`` does."""
    if is_enabled():
        from sklearn.utils.metadata_routing import process_routing

        for_classifier = process_routing(model, "fit", **metadata)["classifier"]["fit"]
        # It routes by itself; what only the model asked for, nobody there takes.
        inner = router_of(None, model.classifier, model.cv)
        wanted = inner.consumes("fit", metadata)
        return dict(for_classifier), {"params": {name: metadata[name] for name in wanted}}
    given = {name: value for name, value in metadata.items() if name != "groups"}
    return given, {"groups": metadata.get("groups"), "params": given}


class _Weighted(Requester):
    """A scorer that says whether it wants the weights of rows."""

    _takes: ClassVar[Mapping[str, tuple[str, ...]]] = {"score": ("sample_weight",)}

    def __init__(self, function: Callable[..., float]) -> None:
        self._function = function

    def __call__(self, *arguments: Any, **metadata: Any) -> float:
        return self._function(*arguments, **metadata)

    def set_score_request(self, *, sample_weight: Request = UNCHANGED) -> _Weighted:
        """A scorer of its own, which asks for weights or declines them."""
        return _Weighted(self._function)._requested("score", {"sample_weight": sample_weight})

    def _routing_repr(self) -> str:
        return str(getattr(self._function, "__name__", self._function))

    __repr__ = _routing_repr


def takes_weights(function: Scorer) -> Scorer:
    """Let a scoring function take part in metadata routing, which passes others no weights.

    ``function.set_score_request(sample_weight=True)`` is another scorer; the function is nobody's.
    """
    bare = _Weighted(function)
    function.__dict__.update(
        get_metadata_routing=bare.get_metadata_routing, set_score_request=bare.set_score_request
    )
    return function
