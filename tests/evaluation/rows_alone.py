"""The JSON of an evaluation without what was taken for what, which depends on how rows came in."""

from __future__ import annotations

import json

from unsurprised.evaluation.result import Evaluation


def json_of_rows(evaluation: Evaluation) -> str:
    fields = evaluation.as_dict()
    del fields["reading"]
    return json.dumps(fields, ensure_ascii=False, allow_nan=False)
