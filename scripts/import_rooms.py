"""Import every benchmark, fit and script, which no test runs, so that a name that moved is noticed.

``python -m scripts.import_rooms``: exit 1 where one does not import. Fits may need torch, which the program
does not: where it is not installed they are passed over.
"""

from __future__ import annotations

import importlib
from pathlib import Path

ROOMS = ("benchmarks", "training", "scripts")


def main() -> None:
    """Import."""
    for room in ROOMS:
        for path in sorted(Path(room).glob("*.py")):
            try:
                importlib.import_module(".".join(path.with_suffix("").parts))
            except ModuleNotFoundError as error:
                if error.name != "torch":
                    raise


if __name__ == "__main__":
    main()
