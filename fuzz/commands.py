"""The command line as a whole, in this process: arguments, files, what it prints and leaves."""

from __future__ import annotations

import io
import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any, NoReturn

from fuzz import mutations, readers
from fuzz.case import Case, Failure, Mutation, Target, one_line

TEMPORARY = re.compile(r"^\.|\.tmp$|~$")


def run(arguments: Sequence[str], stdin: bytes = b"") -> tuple[int, bytes, str]:
    """Exit code and what was printed; raises for what no command may do."""
    from unsurprised import cli

    prepare()
    with _streams(stdin) as (out, err):
        code = cli.run(list(arguments))
        sys.stdout.flush()
    said = err.getvalue().decode(errors="replace")
    text = "\n".join(line for line in said.splitlines() if not line.startswith("Warning"))
    allowed = (0, 1, 2) if "check" in arguments else (0, 2)
    if code not in allowed:
        raise Failure(f"exit code {code}: {text}")
    if len(text.splitlines()) != (1 if code == 2 else 0):
        raise Failure(f"exit code {code}, and on standard error: {text!r}")
    if code == 2:
        one_line(Exception(text))
        if out.getvalue():
            raise Failure(f"exit code 2 after output: {out.getvalue()[:200]!r}")
    return code, out.getvalue(), text


@cache
def prepare() -> None:
    """Make the parser once, not for each command; show what would become "a fault of ours"."""
    import typer

    from unsurprised import cli

    module = import_module("unsurprised.commands.app")
    made = typer.main.get_command(module.program())
    module.program = lambda _: made
    cli._unforeseen = _raise


def _raise(error: BaseException) -> NoReturn:
    raise error


@contextmanager
def _streams(stdin: bytes) -> Iterator[tuple[io.BytesIO, io.BytesIO]]:
    before = sys.stdin, sys.stdout, sys.stderr
    out, err = io.BytesIO(), io.BytesIO()
    sys.stdin = io.TextIOWrapper(io.BytesIO(stdin))
    sys.stdout = io.TextIOWrapper(out, encoding="utf-8", errors="replace")
    sys.stderr = io.TextIOWrapper(err, encoding="utf-8", errors="replace", write_through=True)
    streams = sys.stdout, sys.stderr
    try:
        yield out, err
    finally:
        sys.stdin, sys.stdout, sys.stderr = before
        for stream in streams:
            stream.detach()  # else the bytes would go with it


@contextmanager
def within(folder: Path) -> Iterator[None]:
    """In a folder, and back."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file's name and bytes."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def put(folder: Path, files: Mapping[str, bytes]) -> None:
    """Make the folder hold these files and nothing else."""
    for path in folder.iterdir():
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)


def checked(arguments: Sequence[str], files: Mapping[str, bytes], folder: Path) -> str:
    """Run a command among files; after an error all are as they were, and none is new."""
    put(folder, files)
    try:
        with within(folder):
            code, out, said = run(arguments)
        after = contents(folder)
        new = [name for name in after if name not in files]
        if code == 2 and after != files:
            raise Failure(f"exit code 2, but the files are others: {new}, {said}")
        if any(TEMPORARY.search(Path(name).name) for name in new):
            raise Failure(f"a temporary file is left: {new}")
        changed = [name for name in files if after.get(name) != files[name]]
        if changed and "--overwrite" not in arguments and "--json" not in arguments:
            raise Failure(f"without being asked to, it changed {changed}")
        return f"{code} {len(out)} {_plain(said)} {sorted(new)}"
    finally:
        put(folder, {})


def _plain(said: str) -> str:
    return f"Error: {said}" if said else ""


_FILES: dict[str, bytes] = {}


def files(made: Mapping[str, bytes] | None = None) -> dict[str, bytes]:
    """Small files of every format, a calibrator, coded files, unless they were made before."""
    _FILES.update(made or {})
    if not _FILES:
        from unsurprised import coding
        from unsurprised.calibrators import TemperatureScaling

        tables, lines = readers.tables(), readers.lines_of
        _FILES.update({
            "a.parquet": readers.parquet_of(tables[0]),
            "b.parquet": readers.parquet_of(tables[0]),
            "n.csv": readers.text_of(tables[1], ","),
            "s.csv": readers.text_of(tables[2], ","),
            "m.jsonl": lines(tables[4]),
            "z.npz": readers.archives()[0],
            "d/label=cat/x.csv": b"p_cat,p_dog\n0.5,0.5\n",
            "d/label=dog/y.csv": b"p_cat,p_dog\n0.25,0.75\n",
            "c.json": TemperatureScaling().fit(
                [[0.5, 0.25, 0.25], [0.1, 0.8, 0.1], [0.3, 0.3, 0.4]], [0, 2, 1]
            ).to_json().encode(),
            "t.txt": b"to be, or not to be\n" * 3,
            "t.us": coding.encode(b"to be, or not to be\n" * 3).data,
            "t.npy": readers.npy_of([1, 0, 2, 1]),
            "names.txt": b"cat\ndog\nbird\n",
            "truth.csv": b"key,label\n10,2\n11,0\n12,1\n13,1\n",
        })  # fmt: skip
    return _FILES


_LINES = """
evaluate a.parquet
evaluate a.parquet --weight w --id key --by w --cluster key --json r.json --html r.html
evaluate n.csv --nulls skip --classes cat,dog,bird --top 3 --base e
evaluate s.csv --label y --pred score --positive True --nulls skip
evaluate m.jsonl --logprob w --json -
evaluate z.npz --kind probs --classes @names.txt --batch-rows 2
evaluate d
evaluate d/*/*.csv --label label --pred cat=p_cat,dog=p_dog
evaluate d/**/x.csv d/label=dog --pred p_cat,p_dog --normalize --tolerance 0.1
evaluate a.parquet --label t.npy
evaluate a.parquet --truth truth.csv --id key --join inner --ignore-index 1
compare a.parquet b.parquet --label label --json r.json
compare a.parquet n.csv --nulls skip
check a.parquet --max-bits 2
check a.parquet b.parquet
explain 1/2,1/4,1/4
explain 0.5,0.5 0.1,0.9 --names heads,tails --json -
explain 99%,1% --label 1 --base 10 --smooth 0.1
explain -1.5,2,0.3 --kind logits --base e --json r.json
explain 3,1 1,1 --kind counts,probs --normalize
explain a.parquet:1 b.parquet:1 --pred probs
explain a.parquet:1 --label label --names cat,dog,bird
calibrate a.parquet --save s.json --out o.parquet
calibrate a.parquet b.parquet --method temperature --json -
apply c.json a.parquet --out o.csv --as logprobs
apply c.json z.npz --out o.jsonl --pred probs --overwrite
encode t.txt -o o.us
encode t.txt --model adaptive:2 -o o.us --json r.json
encode t.txt --model frequencies:names.txt --smooth 1e-6 -o o.us
encode t.npy --symbols tokens --model distribution:t.npy -o o.us --smooth 0.5
encode a.parquet --model predictions -o o.us --label label
decode t.us -o o.txt
decode t.us -o t.txt --overwrite
--help
--version
""".strip().splitlines()

_WORDS = [
    *sorted({word for line in _LINES for word in line.split()}),
    *("--batch-rows", "0", "-1", "1e400", "nan", "9" * 30, "-", "--", "", ",", "=", "a=b,c=d"),
    *("p_cat=p_cat", "cat=cat=cat", "*", "[", "d/[x]/*", "?.csv", "@", "@nothing", "@d", "é", "\0"),
    *("a.parquet:", "a.parquet:-1", ":1", "a.parquet:1e3", "1/0", "1/2/3", "100%", "%", "1e-400"),
    *("frequencies:", "frequencies:d", "adaptive:-1", "adaptive:99", "distribution:t.txt", "bits"),
    *("--method", "vector", "isotonic", "matrix", "auto", "--folds", "--out", "o.parquet", "o.tsv"),
    *(
        "--chart",
        "c.svg",
        "o.xyz",
        "d",
        "d/label=cat",
        "t.us",
        "--seed",
        "--max-worse",
        "0.1",
        "--allow-unsure",
        "--junit",
    ),
]


def _arguments(data: bytes) -> list[str]:
    """One argument a line; none leads out of the folder."""
    text = data.decode("utf-8", errors="surrogateescape").replace("..", ".").replace("~", "")
    return [_tame(line) for line in text.split("\n")]


def _tame(line: str) -> str:
    return re.sub(r"(?<![\w=*?\]%.-])/(?!\d)", "", line) if "/" in line else line


def arguments(data: bytes, variant: int, folder: Path) -> str:
    """A command with any arguments."""
    del variant
    return checked(_arguments(data), files(), folder)


def another_word(random: Random, data: bytes, other: bytes) -> bytes:
    """An argument more, or in place of one."""
    found = data.split(b"\n")
    at = random.randrange(len(found) + 1)
    word = random.choice(_WORDS).encode()
    found[at : at + random.randrange(2)] = [word]
    return b"\n".join(found)


def decode_file(data: bytes, variant: int, folder: Path) -> str:
    """``decode`` of any file: the output is whole or is not there."""
    model = ["", "frequencies:t.txt", "predictions:a.parquet", "distribution:t.npy"][variant]
    more = ["--model", model] if model else []
    held = {name: files()[name] for name in ("t.txt", "a.parquet", "t.npy")}
    return checked(["decode", "in.us", "-o", "out.csv", *more], {**held, "in.us": data}, folder)


def _seeds() -> list[Case]:
    return [Case(0, "\n".join(line.split()).encode()) for line in _LINES]


def _coded_seeds() -> list[Case]:
    from fuzz import decoders

    return [Case(v, case.data) for case in decoders.coded_seeds() for v in range(4)]


_CHANGES: Sequence[Mutation] = (
    *[another_word] * 6,
    *[mutations.parts(b"\n")] * 3,
    *[mutations.parts(b",")] * 2,
    *(mutations.tokens("=", ",", ":", "@", "*", "-", "%", "/", "[", "\ufffd"), *mutations.TEXT),
)


def targets() -> list[Target]:
    """Arguments, and files to be decoded."""
    from fuzz import decoders

    coded: list[Any] = mutations.sealed(mutations.ANY, decoders.crc_mended)
    return [
        Target("arguments", arguments, _seeds, _CHANGES, separator=b"\n", seconds=20, warm=True),
        Target(
            "decode", decode_file, _coded_seeds, coded, 4, mended=decoders.crc_mended, warm=True
        ),
    ]
