"""A record over time as tables: CSV, Parquet and one JSON document."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

Table = tuple[tuple[str, ...], list[tuple[Any, ...]]]
"""Names of columns, and rows."""


def write_csv(path: Path, table: Table, safe: Callable[[Any], Any]) -> None:
    """Write a table; ``safe`` makes text harmless for spreadsheets. Empty cells are gaps, never zero."""
    columns, rows = table
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        columns_of = list(zip(*rows, strict=True))
        for k, cells in enumerate(columns_of):
            if any(isinstance(cell, str) for cell in cells[:50]):
                known = {cell: safe(cell) for cell in set(cells)}
                columns_of[k] = tuple(map(known.__getitem__, cells))
        writer.writerows(zip(*columns_of, strict=True))


def write_parquet(path: Path, table: Table, library: tuple[Any, Any], times: Sequence[str]) -> None:
    """Write a table with typed columns; ``times`` are columns of ISO 8601 text, written as UTC."""
    from datetime import datetime

    pyarrow, parquet = library
    columns, rows = table
    arrays = {}
    cells = list(zip(*rows, strict=True)) or [()] * len(columns)
    for name, values in zip(columns, cells, strict=True):
        if name in times:
            known = {v: v and datetime.fromisoformat(v.replace("Z", "+00:00")) for v in set(values)}
            moments = [known[v] for v in values]
            arrays[name] = pyarrow.array(moments, pyarrow.timestamp("ms", tz="UTC"))
        elif all(v is None for v in values):
            arrays[name] = pyarrow.array(values, pyarrow.float64())
        else:
            arrays[name] = pyarrow.array(values)
    parquet.write_table(pyarrow.table(arrays), path, compression="zstd")
