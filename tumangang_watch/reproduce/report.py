"""The judged claims as ``reproduction.json``, a page, and a table for the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tumangang_watch.files import FolderKind, whole_folder
from tumangang_watch.report.assets import render
from tumangang_watch.report.folder import write_manifest
from tumangang_watch.text import PAINTED_NOTICE, PAINTED_WORD, json_text

NOTICE = (
    f"{PAINTED_NOTICE}: judged on scenes the program painted itself. They show that the judging works, "
    "and nothing of what was ever there."
)
MARK = "reproduction.json"
REPRODUCTION = FolderKind("cannot write the reproduction", "a reproduction", lambda f: (f / MARK).is_file())


def write_reproduction(
    summary: dict[str, Any], site_text: str | None, out: Path, *, tool_version: str, overwrite: bool
) -> Path:
    """Write the folder: ``reproduction.json``, ``reproduction.html``, the painted site, and a manifest.

    Parameters
    ----------
    summary : dict
        What was judged, as ``reproduce.run.summary`` gives it.
    site_text : str, optional
        GeoJSON of a site that exists nowhere else.
    out : Path
        The folder to make.
    tool_version : str
        For provenance.
    overwrite : bool
        Replace an earlier one.
    """
    document = {"tool": {"name": "tumangang-watch", "version": tool_version}, **summary}
    with whole_folder(out, REPRODUCTION, overwrite=overwrite) as folder:
        (folder / MARK).write_text(json_text(document), encoding="utf-8", newline="\n")
        (folder / "reproduction.html").write_text(_page(summary), encoding="utf-8", newline="\n")
        if site_text is not None:
            (folder / "site.geojson").write_text(site_text, encoding="utf-8", newline="\n")
        write_manifest(folder, {"schema_version": summary["schema_version"], "tool": document["tool"]})
    return out


def _page(summary: dict[str, Any]) -> str:
    groups: dict[str, dict[str, Any]] = {}
    for line in summary["claims"]:
        groups.setdefault(line["observation"], {**line, "lines": []})["lines"].append(line)
    return render(
        "reproduction.html.j2",
        "tumangang_watch.reproduce",
        groups=list(groups.values()),
        counts=summary["counts"],
        painted=summary["painted"],
        refused=summary["refused"],
        notice=NOTICE,
        mark=PAINTED_WORD,
    )


def table_lines(summary: dict[str, Any]) -> list[str]:
    """Return the table as text: one line a claim that a scene was found for, the rest counted."""
    lines = []
    for item in summary["claims"]:
        if item["verdict"] == "no scene":
            continue
        mark = f"{PAINTED_WORD}  " if item["painted"] else ""
        verdict = item["verdict"].upper()
        words = f"{item['claim']}: {item['why']}  [{item['observation']}]"
        lines.append(f"{mark}{item['date']}  {item['place']}  {verdict}  {words}")
    counts = ", ".join(f"{number} {verdict}" for verdict, number in summary["counts"].items())
    return [*lines, f"{f'{PAINTED_WORD}  ' if summary['painted'] else ''}{counts}"]
