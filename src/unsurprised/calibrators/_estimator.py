"""scikit-learn's interface of an estimator: arguments by name, tags."""

from __future__ import annotations

import inspect
from typing import Any, Self

from unsurprised.calibrators._routing import Requester
from unsurprised.errors import CallError


class Estimator(Requester):
    """Arguments that can be asked for and set by name, as scikit-learn's ``clone`` does."""

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The arguments it was made with, as scikit-learn's ``clone`` asks for them."""
        return {name: getattr(self, name) for name in arguments_of(type(self))}

    def set_params(self, **parameters: Any) -> Self:
        """Change arguments by name."""
        for name, value in parameters.items():
            if name not in arguments_of(type(self)):
                raise CallError(
                    f"{type(self).__name__} has no parameter {name!r}; expected one of "
                    f"{', '.join(arguments_of(type(self))) or 'none'}"
                )
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        given = ", ".join(f"{name}={value!r}" for name, value in self.get_params().items())
        return f"{type(self).__name__}({given})"

    def __sklearn_tags__(self) -> Any:
        # Only scikit-learn asks, so it is there.
        from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags

        return Tags(
            estimator_type="classifier",
            target_tags=TargetTags(required=True),
            classifier_tags=ClassifierTags(),
            input_tags=InputTags(one_d_array=True),
        )


def arguments_of(kind: type) -> list[str]:
    return list(inspect.signature(kind).parameters)
