"""The report's folder: every file written, read back and vouched for, whole or not there at all."""

from __future__ import annotations

import errno
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from PIL import Image

from tumangang_watch.files import FolderKind, whole_folder
from tumangang_watch.geopackage import geopackage_faults
from tumangang_watch.model.comparison import Comparison
from tumangang_watch.model.document import ReportDocument
from tumangang_watch.plain_files import sha256_of
from tumangang_watch.report.chips import write_chips
from tumangang_watch.report.figures.rasters import write_rasters
from tumangang_watch.report.figures.write import write_figures
from tumangang_watch.report.gis.geopackage import write_gpkg
from tumangang_watch.report.gis.rows import write_geojson
from tumangang_watch.report.json_report import SCHEMA_VERSION, TOOL, report_dict
from tumangang_watch.report.page.pdf import write_pdf
from tumangang_watch.report.page.write import write_page
from tumangang_watch.report.stacked import write_strips
from tumangang_watch.text import json_text

MANIFEST = "manifest.json"
REPORT = FolderKind(
    "cannot write the report",
    "a report",
    lambda f: (f / MANIFEST).is_file() and (f / "report.json").is_file(),
)


@dataclass(frozen=True)
class PageChoice:
    """What is wanted beside the contract's files: language of the page, print, figures, rasters."""

    language: str = "en"
    pdf: bool = False
    figures: bool = False
    """Figures for print are written too."""
    rasters: bool = False
    """The aligned scenes are written too."""


PLAIN = PageChoice()


def write_report(
    comparison: Comparison,
    out: Path,
    *,
    tool_version: str,
    overwrite: bool = False,
    choice: PageChoice = PLAIN,
) -> Path:
    """Write a comparison as the folder of the contract.

    Nothing is visible under ``out`` until everything was written, read back and flushed to disk;
    an earlier report there stays whole until the moment it is replaced.

    Parameters
    ----------
    comparison : Comparison
        What to write.
    out : Path
        The folder to make. It may exist when it is empty, or with ``overwrite`` when it is a
        report (has a manifest).
    tool_version : str
        Version of the tool, for provenance.
    overwrite : bool
        Replace an earlier report.
    choice : PageChoice
        Language of the page's fixed words, and whether ``report.pdf``, figures and rasters are written.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    OutputFailed
        Nothing was written; the message names the path and the reason.
    Busy
        Another run is writing the same output.
    """
    with whole_folder(Path(out), REPORT, overwrite=overwrite) as folder:
        report = report_dict(comparison, tool_version)
        for write in writers():
            write(comparison, report, folder)
        if choice.language != PLAIN.language:
            write_page(comparison, report, folder, choice.language)
        if choice.figures:
            write_figures(comparison, report, folder)
        if choice.rasters:
            write_rasters(comparison, report, folder)
        if choice.pdf:
            write_pdf(folder / "report.html", report["scenes"]["later"]["acquired"])
        write_manifest(folder, _facts(report))
    return Path(out)


def _facts(report: ReportDocument) -> dict[str, object]:
    """Return what heads a report's manifest."""
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": TOOL, "version": report["tool"]["version"]},
        "settings_sha256": report["settings_sha256"],
        "site_sha256": report["site"]["sha256"],
        "scenes_sha256": {date: scene["sha256"] for date, scene in report["scenes"].items()},
    }


def writers() -> tuple[Callable[[Comparison, ReportDocument, Path], None], ...]:
    """Return the functions that write the files, in the order they run."""
    maps = (write_geojson, write_gpkg, write_chips)
    return (write_json, write_settings, *maps, write_strips, write_page)


def write_settings(comparison: Comparison, _: ReportDocument, folder: Path) -> None:
    """Write ``settings.json``: every number that decided, with the digest that the report carries."""
    if comparison.settings_text:
        text = f"{comparison.settings_text}\n"
        (folder / "settings.json").write_text(text, encoding="utf-8", newline="\n")


def write_json(_: Comparison, report: ReportDocument, folder: Path) -> None:
    """Write ``report.json``."""
    (folder / "report.json").write_text(json_text(report), encoding="utf-8", newline="\n")


def write_manifest(folder: Path, facts: Mapping[str, object]) -> None:
    """Read every file back, and vouch for each in the manifest, after the facts that head it.

    Raises
    ------
    OSError
        A file cannot be read back: it was not written whole.
    """
    _check_files(folder)
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    vouched = {
        p.relative_to(folder).as_posix(): {"bytes": p.stat().st_size, "sha256": sha256_of(p)} for p in files
    }
    text = json_text({**facts, "files": vouched})
    (folder / MANIFEST).write_text(text, encoding="utf-8", newline="\n")


def _check_files(folder: Path) -> None:
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        try:
            if path.stat().st_size == 0:
                raise ValueError("it is empty")
            if path.suffix in _CHECKS:
                _CHECKS[path.suffix](path)
        except Exception as error:
            raise OSError(errno.EIO, f"could not be read back ({error})", path.name) from error


def _check_html(path: Path) -> None:
    if not path.read_text(encoding="utf-8").rstrip().endswith("</html>"):
        raise ValueError("its end is missing")


def _check_pdf(path: Path) -> None:
    if b"%%EOF" not in path.read_bytes()[-1024:]:
        raise ValueError("its end is missing")


def _check_gpkg(path: Path) -> None:
    if faults := geopackage_faults(path):
        raise ValueError(faults[0])


def _check_kmz(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        ElementTree.fromstring(archive.read("doc.kml"))  # Reading checks the sum.


def _check_png(path: Path) -> None:
    with Image.open(path) as picture:
        picture.verify()  # Every chunk is there, with its sum.


_CHECKS: dict[str, Callable[[Path], object]] = {
    ".json": lambda path: json.loads(path.read_text(encoding="utf-8")),
    ".geojson": lambda path: json.loads(path.read_text(encoding="utf-8")),
    ".html": _check_html,
    ".pdf": _check_pdf,
    ".png": _check_png,
    ".gpkg": _check_gpkg,
    ".kmz": _check_kmz,
}
