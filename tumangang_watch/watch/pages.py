"""The record for people and feed readers: ``index.html`` over all reports, ``feed.xml`` of findings.

They say what the archive says, and nothing else.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

import shapely

from tumangang_watch.archive import Refusal, open_archive, read
from tumangang_watch.archive.read import FeedRow, IndexRow
from tumangang_watch.files import write_whole
from tumangang_watch.model.document import GeometryDocument
from tumangang_watch.model.site import Site
from tumangang_watch.report.assets import render
from tumangang_watch.report.names import chip_name
from tumangang_watch.review.session import add_marks
from tumangang_watch.text import PAINTED, PAINTED_WORDS, clock_text, marked, provider_text, xml_text
from tumangang_watch.watch.plan import Places

ATOM = "http://www.w3.org/2005/Atom"
GEORSS = "http://www.georss.org/georss"
PAGES = {"series": "series/series.html", "trains": "trains/trains.html"}
"""Where the pages of the record are looked for, beside the folder of reports."""
EPOCH = "1970-01-01T00:00:00Z"
"""When an empty feed was updated: a feed must say."""


def publish(places: Places, base_url: str = "") -> None:
    """Write ``index.html`` and ``feed.xml`` beside the reports; files that say it already are left alone."""
    site, limits = places.site, places.settings.watch
    with open_archive(places.archive) as archive:
        rows = read.index_rows(archive, site.id, limits.index_rows)
        total = read.count_reports(archive, site.id)
        refused = sorted(
            read.refusals(archive).values(), key=lambda r: (r.acquired or "", r.file, r.sha256), reverse=True
        )
        findings = read.feed_rows(archive, site.id, limits.feed_entries)
        add_marks(rows, findings, archive, site.id)
    page = index_page(site, rows, total, refused[: limits.index_rows], places.reports)
    write_whole(places.reports / "index.html", page)
    write_whole(places.reports / "feed.xml", feed(site, findings, base_url))


def index_page(site: Site, rows: list[IndexRow], total: int, refused: list[Refusal], reports: Path) -> str:
    """Return the page that lists the reports, latest first. All text is escaped.

    Parameters
    ----------
    site : Site
    rows : list of IndexRow
        One a report.
    total : int
        How many reports there are.
    refused : list of Refusal
        Scenes that could not be used.
    reports : Path
        Their folder: pictures in it are shown, pages of series and trains beside it linked.
    """
    return render(
        "record.html.j2",
        "tumangang_watch.watch",
        site={"name": site.name},
        rows=rows,
        total=total,
        notice=PAINTED_WORDS,
        shown={row["folder"]: _picture(row, reports) for row in rows},
        times={row["folder"]: clock_text(row["acquired"], korean=site.korean) for row in rows},
        earlier={
            row["folder"]: clock_text(row["earlier_acquired"] or row["acquired"], korean=site.korean)
            for row in rows
        },
        provider_text=provider_text,
        unseen=never_seen(site, rows),
        links={name: f"../{page}" for name, page in PAGES.items() if (reports.parent / page).is_file()},
        refused=[asdict(refusal) for refusal in refused],
    )


def never_seen(site: Site, rows: list[IndexRow]) -> dict[str, str]:
    """Return the areas that no report saw, by id, with their names: said once, and not in every row."""
    states: dict[str, set[str]] = {}
    for row in rows:
        for area, status in row["areas"]:
            states.setdefault(area, set()).add(status)
    names = {area.id: area.name or area.id for area in site.areas}
    return {area: names.get(area, area) for area, found in states.items() if found == {"not_observable"}}


def _picture(row: IndexRow, reports: Path) -> str:
    """Return the path of the picture of a report's first change; nothing where there is none."""
    if not row["findings"]:
        return ""
    path = f"{row['folder']}/chips/{chip_name(row['findings'][0])}"
    return quote(path) if (reports / path).is_file() else ""


def feed(site: Site, rows: list[FeedRow], base_url: str = "") -> str:
    """Return an Atom feed (RFC 4287) with GeoRSS outlines, one entry a finding, latest first.

    It holds no time but those of the scenes, so the same record gives the same bytes.
    """
    ElementTree.register_namespace("", ATOM)
    ElementTree.register_namespace("georss", GEORSS)
    root = ElementTree.Element(f"{{{ATOM}}}feed")
    updated = max((row["acquired"] for row in rows), default=EPOCH)
    _text(root, "title", f"{site.name}: findings")
    _text(root, "id", f"tag:tumangang-watch,2022:{site.id}")
    _text(root, "updated", updated)
    ElementTree.SubElement(_child(root, "author"), f"{{{ATOM}}}name").text = "tumangang-watch"
    ElementTree.SubElement(root, f"{{{ATOM}}}link", rel="self", href=f"{base_url}feed.xml")
    for row in rows:
        entry = _child(root, "entry")
        _text(entry, "title", marked(row["statement"], PAINTED if row.get("painted") else None))
        _text(entry, "id", f"tag:tumangang-watch,2022:{site.id}/{row['folder']}/{row['finding']}")
        _text(entry, "updated", row["acquired"])
        ElementTree.SubElement(entry, f"{{{ATOM}}}link", href=f"{base_url}{quote(row['folder'])}/report.html")
        ElementTree.SubElement(entry, f"{{{ATOM}}}category", term=f"{row['kind']}-{row['change']}")
        words = [PAINTED_WORDS] if row.get("painted") else []
        words += [f"Confidence {row['confidence']:.2f}.", *row["caveats"]]
        _text(entry, "summary", " ".join([row["statement"], *words]))
        outline = _outline(row["geometry"])
        if outline:
            ElementTree.SubElement(entry, f"{{{GEORSS}}}{outline[0]}").text = outline[1]
    ElementTree.indent(root, " ")
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'


def _outline(geometry: GeometryDocument) -> tuple[str, str] | None:
    """Return GeoRSS-Simple's element and its ``lat lon`` pairs; of several polygons, the box."""
    shape = shapely.geometry.shape(geometry)
    if shape.is_empty:
        return None
    if shape.geom_type == "Polygon":
        return "polygon", " ".join(f"{lat} {lon}" for lon, lat in shape.exterior.coords)
    if shape.geom_type == "LineString":
        return "line", " ".join(f"{lat} {lon}" for lon, lat in shape.coords)
    west, south, east, north = shape.bounds
    return "box", f"{south} {west} {north} {east}"


def _child(parent: ElementTree.Element, name: str) -> ElementTree.Element:
    return ElementTree.SubElement(parent, f"{{{ATOM}}}{name}")


def _text(parent: ElementTree.Element, name: str, text: str) -> None:
    _child(parent, name).text = xml_text(text)
