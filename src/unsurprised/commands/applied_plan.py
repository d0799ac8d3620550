"""``apply --plan``: a file for each split of a plan, and a manifest once all of them are there."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unsurprised.addresses import scheme_of
from unsurprised.commands.applied import calibrator_of, refuse_unwritable
from unsurprised.commands.outputs import Outputs
from unsurprised.commands.planned import part_numbers, plan_of, refuse_told
from unsurprised.errors import CallError
from unsurprised.writing import own, standard_output
from unsurprised.writing.recognition import anything, json_of

if TYPE_CHECKING:
    import typer

    from unsurprised.calibrators import Calibrator
    from unsurprised.engines.splits import PlannedSplit
    from unsurprised.evaluation.plans import Plan

#: Name and version of the manifest's JSON.
SCHEMA = "unsurprised.applied/1"


def apply_planned(
    context: typer.Context, calibrator: str, path: str, part: str | None, kind: str | None
) -> None:
    """Write the files of some splits of a plan, or of all, and say what was written."""
    refuse_told(context, "calibrator", "out", "written_as")
    told = context.params
    refuse_unwritable(told["out"])
    held, fitted = plan_of(path), calibrator_of(calibrator)
    if held.work.recipe.truth is not None:
        raise CallError(
            "the plan joins labels of another file, which apply neither needs nor writes; plan "
            "again without --truth, with --no-label"
        )
    applied = Applied.of(held, fitted, told["out"], kind)
    splits = held.splits if part is None else held.part(*part_numbers(part))
    rows = applied.write(splits, [calibrator, path, *held.files], quiet=told["quiet"])
    lacking = applied.lacking()
    if not lacking:
        with Outputs([calibrator, path, *held.files], overwrite=told["overwrite"]) as outputs:
            target = outputs.declare("--out", applied.manifest, own(json_of("unsurprised.applied")))
            target.write(applied.said())
    if told["quiet"]:
        return
    from unsurprised.report.numbers import counted

    title = f"{fitted.title[0].upper()}{fitted.title[1:]}"
    then = applied.manifest if not lacking else f"{counted(lacking, 'file')} to come"
    with standard_output():
        print(f"{title}: {rows:,} rows → {counted(len(splits), 'file')}; {then}")


@dataclass(frozen=True, slots=True)
class Applied:
    """What a calibrator makes of a plan's rows, file by file.

    A file is named by its split, and by a digest of all that its bytes follow from. So whoever
    writes it again writes the same, and files of another plan or calibrator have other names.
    """

    plan: Plan
    calibrator: Calibrator
    out: str
    kind: str | None
    digest: str

    @classmethod
    def of(cls, plan: Plan, calibrator: Calibrator, out: str, kind: str | None) -> Applied:
        """Those of a plan and a calibrator."""
        from unsurprised import __version__

        parts = [__version__, plan.id, calibrator.to_json(), kind or ""]
        digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
        return cls(plan, calibrator, out, kind, digest)

    def name(self, split: PlannedSplit) -> str:
        """The file of a split."""
        start, ending = self._ends()
        count = len(self.plan.splits)
        return f"{start}-{split.number + 1:05}-of-{count:05}-{self.digest}{ending}"

    @property
    def manifest(self) -> str:
        """The file that lists all others."""
        return f"{self._ends()[0]}-{self.digest}.manifest.json"

    def _ends(self) -> tuple[str, str]:
        """What names begin with, and their ending."""
        start, dot, ending = self.out.rpartition(".")
        return start, dot + ending

    def write(self, splits: tuple[PlannedSplit, ...], read: list[str], *, quiet: bool) -> int:
        """Write the files of some splits, each whole or not at all; how many rows they have."""
        from unsurprised.calibration.apply import apply_reading, class_order
        from unsurprised.report.progress import RowProgress

        known = None if self.plan.rows is None else sum(split.rows or 0 for split in splits)
        rows = 0
        with RowProgress(known, quiet=quiet) as progress:
            for split in splits:
                work = self.plan.work.only([split.number])
                reading = work.opened()
                class_order(self.calibrator, reading)
                with Outputs(read, overwrite=True) as outputs:
                    target = outputs.declare("--out", self.name(split), anything)
                    with target.file() as path:
                        rows += apply_reading(
                            self.calibrator,
                            reading,
                            path,
                            self.out,
                            kind=self.kind,
                            splits=work.within(),
                            progress=progress,
                        )
        return rows

    def lacking(self) -> int:
        """How many of the plan's files are not there."""
        return sum(not _is_there(self.name(split)) for split in self.plan.splits)

    def said(self) -> str:
        """The manifest, which is the same whoever writes it."""
        from unsurprised import __version__

        files: list[dict[str, Any]] = [
            {
                "file": self.name(split).replace("\\", "/").rpartition("/")[2],
                "source": split.file,
                "first_row": split.first_row,
                # Of the source: rows that the plan leaves out are not written.
                "source_rows": split.rows,
            }
            for split in self.plan.splits
        ]
        said = {
            "schema": SCHEMA,
            "unsurprised": __version__,
            "plan": self.plan.id,
            "calibrator": self.calibrator.title,
            "files": files,
        }
        return json.dumps(said, indent=2, ensure_ascii=False)


def _is_there(name: str) -> bool:
    if scheme_of(name) is None:
        return Path(name).is_file()
    from unsurprised.sources.stores.addresses import local_path

    path = local_path(name)
    if path is not None:
        return Path(path).is_file()
    from unsurprised.sources.stores.sending import head_of  # pyarrow is slow

    return head_of(name, 1) is not None
