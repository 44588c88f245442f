"""The folder of `trains`: document, table, page and pictures, made whole or not at all."""

from __future__ import annotations

import base64
from pathlib import Path

from tumangang_watch.archive.export import write_csv
from tumangang_watch.files import FolderKind, whole_folder
from tumangang_watch.reidentify.columns import LETTERS, DrawnSighting, Strips, aligned_rows, vehicle_words
from tumangang_watch.reidentify.document import Document, step_table
from tumangang_watch.reidentify.drawing import write_drawing
from tumangang_watch.reidentify.model import Journey, TrainSearch
from tumangang_watch.reidentify.words import match_words
from tumangang_watch.report.assets import render
from tumangang_watch.report.folder import write_manifest
from tumangang_watch.report.palette import PAINTS
from tumangang_watch.settings.reidentify import JourneySettings
from tumangang_watch.text import PAINTED, count_text, json_text, marked

MARK = "trains.json"
TRAINS = FolderKind("cannot write the trains", "a search for trains", lambda f: (f / MARK).is_file())


JourneyPicture = dict[str, object]
"""What the page shows of a journey beside its sentences: see `_picture`."""


def write_trains(
    search: TrainSearch,
    content: Document,
    out: Path,
    strips: Strips,
    settings: JourneySettings,
    *,
    overwrite: bool,
) -> None:
    """Write ``trains.json``, ``trains.csv``, ``trains.html``, ``pictures/*.png`` and, last, the manifest.

    Parameters
    ----------
    search, content : TrainSearch, mapping
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
    with whole_folder(out, TRAINS, overwrite=overwrite) as folder:
        (folder / MARK).write_text(json_text(content), encoding="utf-8", newline="\n")
        write_csv(folder / "trains.csv", *step_table(search))
        pictures: list[JourneyPicture | None] = [None] * len(search.journeys)
        if search.journeys:
            (folder / "pictures").mkdir()
        for n, journey in enumerate(search.journeys[: settings.max_drawn]):
            path = folder / "pictures" / f"j{n + 1}.png"
            pictures[n] = _picture(search, journey, strips, settings, path)
        (folder / "trains.html").write_text(
            _page(search, content, pictures, settings.max_drawn), encoding="utf-8", newline="\n"
        )
        write_manifest(folder, {n: content[n] for n in ("schema_version", "tool", "settings_sha256")})


def _picture(
    search: TrainSearch, journey: Journey, strips: Strips, settings: JourneySettings, path: Path
) -> JourneyPicture:
    """Write one journey's picture; return what the page says of it."""
    aligned = aligned_rows(search, journey, strips, settings.max_rows)
    labels = tuple(_label(row, search.painted) for row in aligned.rows)
    write_drawing(aligned, labels, settings.pad_m, path)
    found = (search.match_of(s.stay, s.partner) for s in journey.steps if s.partner is not None)
    rows = range(len(aligned.rows))
    return {
        "png": base64.b64encode(path.read_bytes()).decode("ascii"),
        "title": f"Cars of journey {path.stem}, aligned",
        "matches": [match_words(search, match) for match in found if match is not None],
        "labels": labels,
        "table": [
            [vehicle_words(aligned.vehicle(r, n) if r in column else None) for r in rows]
            for n, column in enumerate(aligned.columns)
        ],
    }


def _label(row: DrawnSighting, painted: frozenset[str]) -> str:
    sighting = row.sighting
    track = f", track {sighting.track}" if sighting.track else ""
    turned = " (turned round: drawn from its other end)" if row.turned else ""
    when = sighting.acquired[:16].replace("T", " ")
    words = f"{sighting.area}{track}, {when} UTC, {sighting.gsd_m:g} m{turned}"
    return marked(words, PAINTED if sighting.folder in painted else None)


def _page(
    search: TrainSearch, content: Document, pictures: list[JourneyPicture | None], max_drawn: int
) -> str:
    trains = count_text(len(search.journeys), "train")
    sure = sum(j.verdict == "same train" for j in search.journeys)
    verdict = (
        f"{trains} seen again, {sure} of them surely." if sure else f"{trains} may have been seen again."
    )
    return render(
        "trains.html.j2",
        "tumangang_watch.reidentify",
        content=content,
        pictures=pictures,
        swatches=PAINTS,
        letters=LETTERS,
        verdict=verdict if search.journeys else "No train known again.",
        max_drawn=max_drawn,
    )
