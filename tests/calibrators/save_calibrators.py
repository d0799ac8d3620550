"""Writes ``saved/``: one file of each kind and what each makes of some rows; run once a version.

python tests/calibrators/save_calibrators.py
"""

from __future__ import annotations

import json

import numpy as np
from calibrator_rows import every_kind, overconfident
from test_saved import NAMES, SAVED

import unsurprised as us
from unsurprised.calibrators import Chain, TemperatureScaling, UniformMixing

if __name__ == "__main__":
    rows = {
        str(width): np.random.default_rng(1).dirichlet(np.full(width, 0.7), 5).round(6).tolist()
        for width in (2, 3)
    }
    calibrated = {}
    for width in (3, 2):
        logits, labels = overconfident(60, width)
        for kind in [*every_kind(width), Chain([UniformMixing(), TemperatureScaling()])]:
            stem = type(kind).__name__
            if stem in calibrated:
                continue
            kind.fit(us.Logits(logits), labels, classes=NAMES[:width])
            kind.save(SAVED / f"{stem}.json", overwrite=True)
            calibrated[stem] = kind.transform(rows[str(width)]).tolist()
    (SAVED / "rows.txt").write_text(json.dumps({"rows": rows, "calibrated": calibrated}) + "\n")
