"""Write a comparison as a folder of files, and say in words what it holds.

Nothing here measures: what stands in the files is what the `Comparison` says, rounded, in lon/lat.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from tumangang_watch.model.finding import Comparison

__all__ = ["report_dict", "schema", "summary_text", "write_report"]


def report_dict(comparison: Comparison, tool_version: str) -> dict[str, Any]:
    """Return the contents of ``report.json``; see `tumangang_watch.report.data.report_dict`."""
    from tumangang_watch.report import data

    return data.report_dict(comparison, tool_version)


def write_report(comparison: Comparison, out: Path, *, tool_version: str, overwrite: bool = False) -> Path:
    """Write the report's folder; see `tumangang_watch.report.folder.write_report`.

    Raises
    ------
    OutputFailed
        Nothing was written and nothing earlier was lost.
    """
    from tumangang_watch.report import folder

    return folder.write_report(comparison, out, tool_version=tool_version, overwrite=overwrite)


def summary_text(comparison: Comparison) -> str:
    """Return what a person reads in ten seconds, as plain text."""
    from tumangang_watch.report import summary

    return summary.summary_text(comparison)


def schema() -> dict[str, Any]:
    """Return the published JSON Schema of ``report.json``."""
    import json
    from importlib import resources

    text = resources.files(__package__).joinpath("report.schema.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded
