r"""Files that appear whole or not at all, and all of one command's together; standard output.

>>> import pathlib, tempfile
>>> folder = tempfile.TemporaryDirectory()
>>> path = pathlib.Path(folder.name) / "result.txt"
>>> with Outputs() as outputs:
...     target = outputs.declare("--out", str(path))
...     target.write("all of it")
...     path.exists()
False
>>> path.read_text()
'all of it\n'
>>> folder.cleanup()
"""

from __future__ import annotations

from unsurprised.writing.outputs import Outputs, Target, write_file
from unsurprised.writing.recognition import anything, holds_html, holds_json, nothing, own
from unsurprised.writing.streams import STANDARD_OUTPUT, PipeClosedError, standard_output

__all__ = [
    "STANDARD_OUTPUT",
    "Outputs",
    "PipeClosedError",
    "Target",
    "anything",
    "holds_html",
    "holds_json",
    "nothing",
    "own",
    "standard_output",
    "write_file",
]
