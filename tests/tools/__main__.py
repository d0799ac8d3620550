"""Files and arrays of other people's tools, evaluated and compared with the tools' own losses.

    pip install '.[test,tools]'
    python -m tests.tools

Arguments go to pytest. Where the extra ``tools`` is installed, ``pytest`` runs these tests with all
others.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent


def main() -> int:
    """Run the tests of this folder; the exit code is pytest's."""
    sys.path.insert(0, str(FOLDER))
    from conftest import TOOLS

    missing = [name for name in TOOLS if find_spec(name) is None]
    if missing:
        print(f"not installed: {', '.join(missing)}; pip install '.[test,tools]'", file=sys.stderr)
        return 2
    return pytest.main([str(FOLDER), *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
