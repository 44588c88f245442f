"""The folder of `trains`: document, table, page and pictures, made whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from markupsafe import Markup

from tumangang_watch.errors import OutputFailed
from tumangang_watch.reidentify.columns import LETTERS, Aligned, Strips, aligned_rows, car_words
from tumangang_watch.reidentify.document import step_table
from tumangang_watch.reidentify.drawing import draw, to_svg, write_png
from tumangang_watch.reidentify.model import Journey, Search
from tumangang_watch.reidentify.words import match_words
from tumangang_watch.report.assets import render
from tumangang_watch.report.folder import MANIFEST, check_files, json_text, sha256, whole_folder
from tumangang_watch.report.palette import PAINTS
from tumangang_watch.series.tables import write_csv
from tumangang_watch.settings.reidentify import JourneySettings

Row = dict[str, Any]
MARK = "trains.json"


def write_trains(
    search: Search, content: Row, out: Path, strips: Strips, settings: JourneySettings, *, overwrite: bool
) -> None:
    """Write ``trains.json``, ``trains.csv``, ``trains.html``, ``pictures/*.png`` and, last, the manifest.

    Parameters
    ----------
    search, content : Search, dict
        What was found, and its ``trains.json``.
    out : Path
        The folder to make.
    strips : Strips
        Where pictures of tracks are taken from.
    settings : JourneySettings
        How much is drawn.
    overwrite : bool
        Replace an earlier one.

    Raises
    ------
    OutputFailed
        ``out`` holds something else, or cannot be written.
    """
    if (out / MANIFEST).is_file() and not (out / MARK).is_file():
        raise OutputFailed(
            "cannot write the trains", out, "the folder holds something else", "Give another --out"
        )
    with whole_folder(out, overwrite) as folder:
        (folder / MARK).write_text(json_text(content), encoding="utf-8", newline="\n")
        write_csv(folder / "trains.csv", step_table(search))
        pictures: list[Row | None] = [None] * len(search.journeys)
        if search.journeys:
            (folder / "pictures").mkdir()
        for n, journey in enumerate(search.journeys[: settings.most_drawn]):
            name = content["journeys"][n]["id"]
            pictures[n] = _picture(search, journey, name, strips, settings, folder / "pictures")
        (folder / "trains.html").write_text(
            _page(content, pictures, settings.most_drawn), encoding="utf-8", newline="\n"
        )
        check_files(folder)
        _write_manifest(content, folder)


def _picture(
    search: Search, journey: Journey, name: str, strips: Strips, settings: JourneySettings, folder: Path
) -> Row:
    """Write one journey's picture; return what the page says of it."""
    aligned = aligned_rows(search, journey, strips, settings.most_rows)
    labels = tuple(_label(aligned, r) for r in range(len(aligned.rows)))
    sheet = draw(aligned, labels, settings.pad_m)
    write_png(sheet, folder / f"{name}.png")
    matches = {(m.first, m.second): m for m in search.matches()}
    said = [
        match_words(search, matches[min(s.stay, s.partner), max(s.stay, s.partner)])
        for s in journey.steps
        if s.partner is not None
    ]
    table = [
        [
            car_words(row.sighting.vehicles[column[r]] if r in column else None)
            for r, row in enumerate(aligned.rows)
        ]
        for column in aligned.columns
    ]
    title = f"Cars of journey {name}, aligned"
    return {
        "svg": Markup(to_svg(sheet, name, title, " ".join(said))),
        "matches": said,
        "labels": labels,
        "table": table,
    }


def _label(aligned: Aligned, r: int) -> str:
    row = aligned.rows[r]
    sighting = row.sighting
    track = f", track {sighting.track}" if sighting.track else ""
    turned = " (turned round: drawn from its other end)" if row.turned else ""
    when = sighting.acquired[:16].replace("T", " ")
    return f"{sighting.area}{track}, {when} UTC, {sighting.gsd_m:g} m{turned}"


def _page(content: Row, pictures: list[Row | None], most_drawn: int) -> str:
    count = len(content["journeys"])
    sure = sum(j["verdict"] == "same train" for j in content["journeys"])
    trains = f"{count} train{'' if count == 1 else 's'}"
    verdict = (
        f"{trains} seen again, {sure} of them surely." if sure else f"{trains} may have been seen again."
    )
    verdict = verdict if count else "No train known again."
    return render(
        "trains.html.j2",
        "tumangang_watch.reidentify",
        content=content,
        pictures=pictures,
        swatches=PAINTS,
        letters=LETTERS,
        verdict=verdict,
        most_drawn=most_drawn,
    )


def _write_manifest(content: Row, folder: Path) -> None:
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    manifest = {
        "schema_version": content["schema_version"],
        "tool": content["tool"],
        "settings_sha256": content["settings_sha256"],
        "files": {
            p.relative_to(folder).as_posix(): {"bytes": p.stat().st_size, "sha256": sha256(p)} for p in files
        },
    }
    (folder / MANIFEST).write_text(json_text(manifest), encoding="utf-8", newline="\n")
