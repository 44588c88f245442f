"""Figures for print: an overview, a pair a change, a strip a train, each with its credit line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw
from PIL.Image import Image as Picture
from shapely import LineString

from tumangang_watch.model.comparison import Comparison
from tumangang_watch.model.document import FindingDocument, ReportDocument
from tumangang_watch.model.observation import Observation
from tumangang_watch.report.answer.headline import headline
from tumangang_watch.report.figures.panel import FONT_PX, PanelFrame, PointedShape, letters, panel
from tumangang_watch.report.geography import lonlat
from tumangang_watch.report.marks.subjects import ChipSubject, chip_bounds, subjects
from tumangang_watch.report.page.strips import DrawnVehicle, drawn, ends_of, runs_back, spans_of
from tumangang_watch.report.palette import OUTLINE_COLOURS, PAINTS
from tumangang_watch.report.pictures import Bounds, DisplayStretch, stretch_of, strip
from tumangang_watch.text import PAINTED_NOTICE, clean_text, clock_text, provider_text, utc_text

FIGURES = "figures"
DPI = 300
WIDE_PX, GAP_PX, MARGIN_PX, LINE_HIGH = 2008, 24, 40, 46
"""A figure is 170 mm wide: the type area of an A4 page."""
MAX_FIGURES = 20
"""Pairs and strips that are written of each; the most important come first."""
STRIP_MARGIN_M, STRIP_MIN_M = 12.0, 100.0
CREDIT_PX = 26
INK, SOFT = "#111111", "#444444"


def write_figures(comparison: Comparison, report: ReportDocument, folder: Path) -> None:
    """Write ``figures/*.png``: overview, pairs of what changed, strips of trains."""
    (folder / FIGURES).mkdir()
    stretch = stretch_of(comparison)
    made = {"overview": _overview(comparison, report, stretch)}
    changed = [s for s in subjects(comparison).values() if s.change != "unchanged"]
    statements = {f["id"]: f["statement"] for f in report["findings"]}
    for subject in changed[:MAX_FIGURES]:
        bounds = chip_bounds(subject)
        if bounds is not None:
            words = f"{subject.number}. {statements[subject.id]}"
            made[f"pair-{subject.number}"] = _pair(comparison, report, [subject], bounds, words)
    numbers = {f["id"]: n for n, f in enumerate(report["findings"], start=1)}
    for finding in [f for f in report["findings"] if f["kind"] == "train"][:MAX_FIGURES]:
        picture = _strip(comparison, report, finding, stretch)
        if picture is not None:
            made[f"strip-{numbers[finding['id']]}"] = picture
    for name, picture in made.items():
        picture.save(folder / FIGURES / f"{name}.png", dpi=(DPI, DPI), optimize=False)


def credit_lines(comparison: Comparison, version: str) -> list[str]:
    """Return who took the pictures, under which licence, when and where, and who read them."""
    site = comparison.site
    middle = lonlat(site.areas[0].polygon.centroid, site.crs) if site.areas else None
    place = site.name if middle is None else f"{site.name}, {middle.y:.4f} N {middle.x:.4f} E"
    lines = []
    for observation in comparison.dates:
        scene = observation.scene
        by = PAINTED_NOTICE if scene.painted else f"Image: {scene.provider}"
        licence = scene.licence or "licence not stated"
        when = clock_text(utc_text(scene.acquired), korean=site.korean)
        lines.append(f"{by} ({licence}), {when}, {scene.gsd_m:.2f} m.")
    return [*lines, f"Place: {place}. Reading: tumangang-watch {version}."]


def _overview(comparison: Comparison, report: ReportDocument, stretch: DisplayStretch) -> Picture:
    """Return both dates of the whole place, one above the other, with all that changed."""
    shown = [
        s for s in subjects(comparison).values() if s.change != "unchanged" or len(comparison.dates) == 1
    ]
    roles = ("yard", "station", "bridge", "handling")
    seen = {a.id for a in comparison.areas if a.status != "not_observable"}
    areas = sorted(
        (a for a in comparison.site.areas if a.role in roles and a.id in seen),
        key=lambda a: roles.index(a.role),
    )
    grid = comparison.later.raster.grid.bounds
    bounds = _within(areas[0].polygon.bounds, grid) if areas else grid
    first, second = headline(comparison)
    return _pair(comparison, report, shown, bounds, f"{first} {second}", beside=False)


def _within(bounds: Bounds, grid: Bounds) -> Bounds:
    """Return an area's bounds with a margin, cut to the ground that was read."""
    margin = 0.03 * max(bounds[2] - bounds[0], bounds[3] - bounds[1]) + 5.0
    west, south = max(bounds[0] - margin, grid[0]), max(bounds[1] - margin, grid[1])
    east, north = min(bounds[2] + margin, grid[2]), min(bounds[3] + margin, grid[3])
    return (west, south, east, north) if west < east and south < north else grid


def _pair(
    comparison: Comparison,
    report: ReportDocument,
    shown: Sequence[ChipSubject],
    bounds: Bounds,
    words: str,
    beside: bool = True,
) -> Picture:
    """Return the dates with what is pointed at, side by side or one above the other."""
    count = len(comparison.dates)
    wide = (WIDE_PX - GAP_PX * (count - 1)) // count if beside else WIDE_PX
    high = round(wide * (bounds[3] - bounds[1]) / (bounds[2] - bounds[0]))
    frame = PanelFrame(bounds, stretch_of(comparison), (wide, high))
    panels = [panel(date, _pointed(date, shown), frame) for date in comparison.dates]
    step = high + LINE_HIGH + GAP_PX
    body = Image.new("RGB", (WIDE_PX, step * (1 if beside else count)), "white")
    for k, (picture, date) in enumerate(zip(panels, comparison.dates, strict=True)):
        x, y = (k * (wide + GAP_PX), 0) if beside else (0, k * step)
        body.paste(picture, (x, y))
        ImageDraw.Draw(body).text(
            (x, y + high + 6), _dated(date, wide, korean=comparison.site.korean), fill=INK, font=letters()
        )
    return _sheet(body, words, credit_lines(comparison, report["tool"]["version"]))


def _pointed(date: Observation, shown: Sequence[ChipSubject]) -> list[PointedShape]:
    """Return what is outlined on one date: what stands there, numbered, or the place where it does not."""
    made = []
    for subject in shown:
        here = subject.objects.get(date.date, ())
        labels = subject.labels(date.date) if here else []
        shapes = here or tuple(g for group in subject.objects.values() for g in group)
        for k, shape in enumerate(shapes):
            made.append(
                PointedShape(
                    shape=shape,
                    label=labels[k] if here else "",
                    colour=OUTLINE_COLOURS[subject.change] if here else "#ffffff",
                    dashed=subject.possible or not here,
                )
            )
    return made


def _dated(date: Observation, wide: int, *, korean: bool) -> str:
    """Return what stands under a panel, as much of it as there is room for."""
    scene = date.scene
    when = clock_text(utc_text(scene.acquired), korean=korean)
    text = clean_text(f"{when}  {provider_text(scene.provider)}")
    while text and letters().getlength(text) > wide:
        text = text[:-1]
    return text


def _strip(
    comparison: Comparison, report: ReportDocument, finding: FindingDocument, stretch: DisplayStretch
) -> Picture | None:
    """Return a train's track straightened on each date, its vehicles numbered; None without a track."""
    found = {d["id"]: d for d in report["detections"]}
    line = next((t.line for t in comparison.site.tracks if t.id == finding["track"]), None)
    spans = spans_of(finding, found)
    if line is None or not spans:
        return None
    low, high = min(a for a, _ in spans) - STRIP_MARGIN_M, max(b for _, b in spans) + STRIP_MARGIN_M
    wider = max(0.0, STRIP_MIN_M - (high - low)) / 2
    span = (low - wider, high + wider)
    rows = []
    for date in comparison.dates:
        train = found.get(finding[date.date] or "")
        own = train is not None and train["track"] == finding["track"]
        stock = drawn(train["rolling_stock"], span, line) if train is not None and own else []
        rows.append(_strip_row(date, line, span, stretch, stock, korean=comparison.site.korean))
    body = Image.new("RGB", (WIDE_PX, sum(r.height for r in rows)), "white")
    for k, row in enumerate(rows):
        body.paste(row, (0, sum(r.height for r in rows[:k])))
    return _sheet(body, finding["statement"], credit_lines(comparison, report["tool"]["version"]))


def _strip_row(
    date: Observation,
    line: LineString,
    span_m: tuple[float, float],
    stretch: DisplayStretch,
    stock: Sequence[DrawnVehicle],
    *,
    korean: bool,
) -> Picture:
    """Return one date's strip, west or north to the left, with the vehicles read from it below."""
    low, high = span_m
    back = runs_back(line)
    shown = (line.length - high, line.length - low) if back else span_m
    picture = strip(date, line.reverse() if back else line, shown, stretch)
    picture = picture.resize((WIDE_PX, round(picture.height * WIDE_PX / picture.width)))
    row = Image.new("RGB", (WIDE_PX, picture.height + 2 * LINE_HIGH + GAP_PX), "white")
    row.paste(picture, (0, LINE_HIGH))
    draw = ImageDraw.Draw(row)
    left, right = ends_of(line)
    dated = _dated(date, WIDE_PX - 200, korean=korean)
    draw.text((0, 2), f"{left}   {dated}", fill=INK, font=letters())
    draw.text((WIDE_PX, 2), right, fill=INK, font=letters(), anchor="ra")
    top, scale = LINE_HIGH + picture.height + 4, WIDE_PX / (high - low)
    for v in stock:
        x0, x1 = v["x"] * scale, (v["x"] + v["wide"]) * scale
        draw.rectangle((x0 + 2, top, x1 - 2, top + LINE_HIGH - 8), fill=PAINTS[v["colour"]], outline=INK)
        at = ((x0 + x1) / 2, top + LINE_HIGH / 2 - 4)
        number = str(v["n"])
        draw.text(at, number, "white", letters(26), anchor="mm", stroke_width=3, stroke_fill=INK)
    return row


def wrapped(text: str, size: int, wide: int) -> list[str]:
    """Return a text as lines that are no wider than so many pixels; a longer word stands alone."""
    lines: list[str] = []
    for word in clean_text(text).split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and letters(size).getlength(longer) <= wide:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _sheet(body: Picture, words: str, credits: list[str]) -> Picture:
    """Return a body with its sentence above and its credit line below."""
    above = wrapped(words, FONT_PX, WIDE_PX)
    below = [part for line in credits for part in wrapped(line, CREDIT_PX, WIDE_PX)]
    high = body.height + LINE_HIGH * len(above) + 40 * len(below) + 2 * MARGIN_PX + GAP_PX
    sheet = Image.new("RGB", (WIDE_PX + 2 * MARGIN_PX, high), "white")
    draw = ImageDraw.Draw(sheet)
    y = MARGIN_PX
    for line in above:
        draw.text((MARGIN_PX, y), line, fill=INK, font=letters())
        y += LINE_HIGH
    sheet.paste(body, (MARGIN_PX, y + 8))
    y += body.height + GAP_PX
    for line in below:
        draw.text((MARGIN_PX, y), line, fill=SOFT, font=letters(CREDIT_PX))
        y += 40
    return sheet
