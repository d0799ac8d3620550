"""``apply --plan``: a file for each split of a plan, and a manifest once all of them are there.

Whoever has a plan's work and a calibrator writes the files of its splits: this process, that of
another part, or the task of an engine. They agree on the names alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unsurprised.addresses import scheme_of
from unsurprised.commands.applied import calibrator_of, refuse_unwritable
from unsurprised.commands.engines import engine_of
from unsurprised.commands.outputs import Outputs
from unsurprised.commands.planned import (
    part_numbers,
    plan_of,
    refuse_part_beside_engine,
    refuse_told,
)
from unsurprised.errors import CallError
from unsurprised.writing import own, standard_output
from unsurprised.writing.recognition import anything, json_of

if TYPE_CHECKING:
    import typer

    from unsurprised.calibrators import Calibrator
    from unsurprised.engines.tasks import Done
    from unsurprised.evaluation.plans import Plan
    from unsurprised.evaluation.plans.work import Work

    Progress = Callable[[int], None]

#: Name and version of the manifest's JSON.
SCHEMA = "unsurprised.applied/1"


def apply_planned(
    context: typer.Context, calibrator: str, path: str, part: str | None, kind: str | None
) -> None:
    """Write the files of some splits of a plan, or of all, and say what was written."""
    refuse_told(context, "calibrator", "out", "written_as")
    told = context.params
    refuse_part_beside_engine(told)
    refuse_unwritable(told["out"])
    held, fitted = plan_of(path), calibrator_of(calibrator)
    if held.work.recipe.truth is not None:
        raise CallError(
            "the plan joins labels of another file, which apply neither needs nor writes; plan "
            "again without --truth, with --no-label"
        )
    files = SplitFiles.of(held, fitted, told["out"], kind)
    numbers = [each.number for each in (held.part(*part_numbers(part)) if part else held.splits)]
    with Outputs([calibrator, path, *held.files], overwrite=told["overwrite"]) as outputs:
        manifest = outputs.declare("--out", files.manifest, own(json_of("unsurprised.applied")))
        with engine_of(told["engine"]) as engine:
            applied = Applied(held, fitted, files, (calibrator, path))
            rows = applied.written(numbers, engine, quiet=told["quiet"])
        lacking = files.lacking()
        if engine is not None:
            files.refuse_elsewhere(lacking)
        if not lacking:
            manifest.write(applied.said())
    if told["quiet"]:
        return
    from unsurprised.report.numbers import counted

    title = f"{fitted.title[0].upper()}{fitted.title[1:]}"
    then = f"{counted(len(lacking), 'file')} to come" if lacking else files.manifest
    with standard_output():
        print(f"{title}: {rows:,} rows → {counted(len(numbers), 'file')}; {then}")


@dataclass(frozen=True, slots=True)
class SplitFiles:
    """The files of a plan's splits.

    A file is named by its split, and by a digest of all that its bytes follow from. So whoever
    writes it again writes the same, and files of another plan or calibrator have other names.
    """

    out: str
    kind: str | None
    count: int
    digest: str

    @classmethod
    def of(cls, plan: Plan, calibrator: Calibrator, out: str, kind: str | None) -> SplitFiles:
        """Those that a calibrator makes of a plan's rows."""
        from unsurprised import __version__

        parts = [__version__, plan.id, calibrator.to_json(), kind or ""]
        digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
        return cls(out, kind, len(plan.splits), digest)

    def name(self, number: int) -> str:
        """The file of a split."""
        start, ending = self._ends()
        return f"{start}-{number + 1:05}-of-{self.count:05}-{self.digest}{ending}"

    @property
    def manifest(self) -> str:
        """The file that lists all others."""
        return f"{self._ends()[0]}-{self.digest}.manifest.json"

    def _ends(self) -> tuple[str, str]:
        """What names begin with, and their ending."""
        start, dot, ending = self.out.rpartition(".")
        return start, dot + ending

    def whole(self) -> SplitFiles:
        """The same files for workers, which run in folders of their own."""
        if scheme_of(self.out) is not None:
            return self
        return replace(self, out=str(Path(self.out).absolute()))

    def lacking(self) -> list[str]:
        """The files that are not there."""
        names = map(self.name, range(self.count))
        return [name for name in names if not _is_there(name)]

    def refuse_elsewhere(self, lacking: Sequence[str]) -> None:
        """Raise where workers have written files that are not here."""
        if lacking:
            raise CallError(
                f"--out {self.out}: of {self.count:,} files {len(lacking):,} that workers wrote "
                f"are not here, such as {lacking[0]}; expected a folder that all machines share, "
                "or an address in a store"
            )

    def write(
        self,
        work: Work,
        calibrator: Calibrator,
        read: Sequence[str],
        progress: Progress | None = None,
    ) -> int:
        """Write the file of the only split of some work, whole or not at all; its rows."""
        from unsurprised.calibration.apply import apply_reading, class_order

        (number,) = work.splits
        reading = work.opened()
        class_order(calibrator, reading)
        files = [each.file for each in work.files.values()]
        with Outputs([*read, *files], overwrite=True) as outputs:
            target = outputs.declare("--out", self.name(number), anything)
            how: dict[str, Any] = {"kind": self.kind, "splits": work.within()}
            with target.file() as path:
                rows = apply_reading(calibrator, reading, path, self.out, progress=progress, **how)
        return rows


@dataclass(frozen=True, slots=True)
class Applied:
    """What a calibrator makes of a plan's rows, file by file; ``read`` are files beside these."""

    plan: Plan
    calibrator: Calibrator
    files: SplitFiles
    read: tuple[str, ...]

    def written(self, numbers: Sequence[int], engine: Any, *, quiet: bool) -> int:
        """Write the files of some splits, here or by an engine's tasks; how many rows they have."""
        from unsurprised.report.progress import RowProgress

        plan = self.plan
        with RowProgress(plan.rows and plan.job.rows(numbers), quiet=quiet) as progress:
            if engine is not None:
                return self._written_on(engine, progress)
            return sum(
                self.files.write(plan.work.only([number]), self.calibrator, self.read, progress)
                for number in numbers
            )

    def _written_on(self, engine: Any, progress: Progress) -> int:
        """Write all files by tasks of an engine."""
        from unsurprised.engines.pools import pool_of
        from unsurprised.engines.running import results

        calibrator, files = self.calibrator.to_json(), self.files.whole()
        work = partial(write_files, calibrator=calibrator, files=files, read=self.read)
        rows = 0
        with pool_of(engine) as pool, closing(results(self.plan.job, pool, work)) as found:
            for done in found:
                rows += done.facts["rows"]
                progress(done.facts["rows"])
        return rows

    def said(self) -> str:
        """The manifest, which is the same whoever writes it."""
        from unsurprised import __version__

        files: list[dict[str, Any]] = [
            {
                "file": self.files.name(split.number).replace("\\", "/").rpartition("/")[2],
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


def write_files(task: str, calibrator: str, files: SplitFiles, read: Sequence[str]) -> Done:
    """Write the files of the splits of a task, one after the other."""
    from unsurprised.calibrators.saved import from_json
    from unsurprised.engines.tasks import Done
    from unsurprised.evaluation.plans.tasks import done_of_work

    def written(work: Work) -> Done:
        held = from_json(calibrator)
        rows = sum(files.write(work.only([number]), held, read) for number in work.splits)
        return Done(tuple(work.splits), facts={"rows": rows})

    return done_of_work(task, written)


def _is_there(name: str) -> bool:
    if scheme_of(name) is None:
        return Path(name).is_file()
    from unsurprised.sources.stores.addresses import local_path

    path = local_path(name)
    if path is not None:
        return Path(path).is_file()
    from unsurprised.sources.stores.sending import head_of  # pyarrow is slow

    return head_of(name, 1) is not None
