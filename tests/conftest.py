"""What every test may ask for."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"
LONG = [
    "test_painted_weeks.py",
    "test_painted_sequence.py",
    "test_printed_commands.py",
    "test_processes.py",
    "test_watch.py",
    "test_backfill_on_cluster.py",
    "test_trace_command.py",
    "test_unborne_model.py",
    "test_site_import.py",
    "test_history_command.py",
    "test_trains_command.py",
]
"""Files that take a minute or more, longest first: begun last, one would run alone while others wait."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the long files first; whole files are handed out (``--dist loadfile --no-loadscope-reorder``)."""
    items.sort(key=lambda item: LONG.index(item.path.name) if item.path.name in LONG else len(LONG))


@pytest.fixture
def shared() -> Path:
    if not SHARED.is_dir():
        pytest.skip("the shared research material is not beside the checkout")
    return SHARED
