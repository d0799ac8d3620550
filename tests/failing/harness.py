"""Runs commands with the n-th write, rename, sync, close or allocation failing, for every n."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

HERE = Path(__file__).parent
#: Smaller allocations are Python's own, in their thousands.
SMALLEST = 1 << 15
KINDS = ("files", "memory")


def compiler() -> str | None:
    """The C compiler."""
    return shutil.which("gcc") or shutil.which("cc")


def built(folder: Path) -> Path:
    """The library that is preloaded."""
    library = folder / "failing.so"
    command = [str(compiler()), "-shared", "-fPIC", "-O1", "-o", str(library)]
    subprocess.run([*command, str(HERE / "failing.c"), "-ldl"], check=True, timeout=60)
    return library


class Server:
    """The process of ``server.py``."""

    def __init__(self, library: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(HERE / "server.py")],
            env={**os.environ, "LD_PRELOAD": str(library), "UNSURPRISED_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, **asked: Any) -> dict[str, Any]:
        """The answer to one question."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(asked), file=self._process.stdin, flush=True)
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.communicate()


@dataclass(frozen=True)
class Command:
    """A command line; ``outputs`` are names of files in the folder that it works in."""

    name: str
    arguments: tuple[str, ...]
    outputs: tuple[str, ...]


COMMANDS = (
    Command(
        "evaluate",
        ("evaluate", "{data}", "--json", "{0}", "--html", "{1}"),
        ("out.json", "out.html"),
    ),
    Command("apply to CSV", ("apply", "{calibrator}", "{data}", "--out", "{0}"), ("out.csv",)),
    Command("apply to lines", ("apply", "{calibrator}", "{data}", "--out", "{0}"), ("out.jsonl",)),
    Command(
        "apply to Parquet", ("apply", "{calibrator}", "{data}", "--out", "{0}"), ("out.parquet",)
    ),
    Command("apply to Arrow", ("apply", "{calibrator}", "{data}", "--out", "{0}"), ("out.arrow",)),
    Command(
        "calibrate",
        ("calibrate", "{data}", "--method", "temperature", "--save", "{0}", "--out", "{1}"),
        ("saved.json", "out.arrow"),
    ),
    Command(
        "drift",
        ("drift", "{data}", "{data}", "--save", "{0}", "--json", "{1}"),
        ("saved.json", "out.json"),
    ),
    Command("encode", ("encode", "{data}", "-o", "{0}", "--json", "{1}"), ("out.us", "out.json")),
    Command("decode", ("decode", "{coded}", "-o", "{0}"), ("out.txt",)),
)


@dataclass
class Bench:
    """Inputs, and folders for commands to work in."""

    server: Server
    folder: Path
    inputs: dict[str, str]

    @classmethod
    def set_up(cls, server: Server, folder: Path, data: Path) -> Bench:
        """Make the inputs, and let the server import what the commands need."""
        inputs = {
            "data": str(data),
            "calibrator": str(folder / "calibrator.json"),
            "coded": str(folder / "coded.us"),
        }
        bench = cls(server, folder, inputs)
        made = (
            ("calibrate", "{data}", "--method", "temperature", "--save", "{calibrator}"),
            ("encode", "{data}", "-o", "{coded}"),
        )
        for arguments in made:
            bench._warm(tuple(part.format(**inputs) for part in arguments))
        for command in COMMANDS:
            bench._warm(bench._line(command, folder / "warm"))
        return bench

    def _warm(self, arguments: tuple[str, ...]) -> None:
        (self.folder / "warm").mkdir(exist_ok=True)
        assert self.server.ask(warm=arguments)["code"] == 0, arguments
        shutil.rmtree(self.folder / "warm")

    def _line(self, command: Command, folder: Path) -> tuple[str, ...]:
        names = [str(folder / name) for name in command.outputs]
        return tuple(part.format(*names, **self.inputs) for part in command.arguments)

    def failures(
        self, command: Command, kind: str, *, old: bool, stride: int = 1, first: int = 1
    ) -> Iterator[str]:
        """What went wrong, for every number of the call that fails.

        ``old`` says whether the outputs are there before, to be replaced.
        """
        answer, wanted = self._run(command, kind, 0, old)
        if answer["code"] != 0:
            yield f"{command.name}, {kind}: without a failure: {answer}"
            return
        last = answer["calls"]
        for number in range(first, last + 1, stride):
            answer, found = self._run(command, kind, number, old)
            wrong = _wrong(answer, found, command, old, wanted)
            if wrong:
                files = "old" if old else "new"
                yield f"{command.name}, {kind}, {files}, {number} of {last}: {wrong}: {answer}"

    def calls(self, command: Command, kind: str, *, old: bool) -> int:
        """How many calls could fail."""
        calls: int = self._run(command, kind, 0, old)[0]["calls"]
        return calls

    def _run(
        self, command: Command, kind: str, number: int, old: bool
    ) -> tuple[dict[str, Any], dict[str, bytes]]:
        folder = self.folder / "work"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        arguments = self._line(command, folder)
        if old:
            for name in command.outputs:
                (folder / name).write_bytes(b"old")
            arguments += ("--overwrite",)
        answer = self.server.ask(
            arguments=arguments,
            folder=str(folder),
            kind=kind,
            size=SMALLEST,
            number=number,
            error=errno.ENOSPC if number % 2 else errno.EIO,
        )
        return answer, {path.name: path.read_bytes() for path in folder.iterdir()}


def _wrong(
    answer: dict[str, Any],
    found: dict[str, bytes],
    command: Command,
    old: bool,
    wanted: dict[str, bytes],
) -> str:
    """What is wrong with the end of a run of which one call failed; empty if nothing is."""
    if answer["code"] == 0:  # it could do without
        return "" if found == wanted else f"other files: {sorted(found)}"
    if answer["code"] != 2:
        return "exit code"
    if not answer["fired"]:
        return "nothing failed"
    said = answer["said"]
    if not said.startswith("unsurprised: ") or said.count("\n") != 1:
        return "not one line"
    before = dict.fromkeys(command.outputs, b"old") if old else {}
    return "" if found == before else f"other files: {sorted(found)}"
