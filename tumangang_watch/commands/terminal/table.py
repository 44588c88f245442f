"""What a report comes to, in a terminal: the answer, a table, and what could not be seen."""

from __future__ import annotations

import sys

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tumangang_watch.commands.terminal.tell import QUIET, VERBOSE, tell, verbosity
from tumangang_watch.model.comparison import Comparison
from tumangang_watch.report.summary import (
    MAX_LINES,
    SummaryRow,
    closing_lines,
    opening_lines,
    summary_rows,
    summary_text,
)

STYLES = {"new": "bold blue", "grown": "bold blue", "gone": "bold red", "less": "bold red"}
STYLES |= {"moved": "bold yellow", "same": "dim"}
PLAIN_WIDE = 110
"""Columns of a table that goes to a file."""


def print_summary(comparison: Comparison) -> None:
    """Print what a report comes to; with ``-v`` all that its text summary says."""
    if verbosity() == QUIET:
        return
    tell("\n".join(opening_lines(comparison)))
    rows = summary_rows(comparison)
    if rows:
        console().print(table_of(rows[:MAX_LINES]))
    if len(rows) > MAX_LINES:
        tell(f"... and {len(rows) - MAX_LINES} more in the report")
    tell("\n".join(closing_lines(comparison)))
    if verbosity() == VERBOSE:
        tell("\n" + summary_text(comparison))


def console() -> Console:
    """Return the console of standard error: colours on a terminal without NO_COLOR, else plain text."""
    return Console(stderr=True, width=None if sys.stderr.isatty() else PLAIN_WIDE, highlight=False)


def table_of(rows: list[SummaryRow]) -> Table:
    """Return rows as a table; what is only possible is in brackets."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for name in ("", "what", "where", "how much", "how sure"):
        table.add_column(name, overflow="fold")
    for row in rows:
        style = STYLES.get(row.word, "")
        word = row.word if row.sure else f"({row.word})"
        cells = (word, row.what, row.where, row.amount, row.certainty)
        table.add_row(*(Text(cell) for cell in cells), style=style)
    return table
