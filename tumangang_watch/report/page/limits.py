"""What could not be seen, and in one line what could have been missed."""

from __future__ import annotations

import re
from collections import defaultdict

from tumangang_watch.model.document import AreaDocument, ReportDocument
from tumangang_watch.model.document_trials import DetectabilityDocument
from tumangang_watch.report.answer.phrases import listed
from tumangang_watch.report.page.tables import day_of

OUTSIDE = re.compile(r"(?:earlier: |later: )?100% of it lies outside the scene")
NOT_TRIED = "What could have been missed was not tried out for this report."


def unseen_lines(report: ReportDocument) -> list[str]:
    """Return a sentence for each reason why areas could not be seen, or only in part."""
    groups: dict[str, list[str]] = defaultdict(list)
    for area in report["areas"]:
        if area["status"] == "not_observable":
            groups[_why(report, area)].append(area["name"])
    lines = [f"{_opened(listed(names))}: {why}." for why, names in groups.items()]
    for area in report["areas"]:
        if area["status"] == "partial":
            clear = area["observed_fraction"]
            shares = [
                f"{100 * (clear[date] or 0):.0f} % of it was clear on {day_of(report, date)}"
                for date in report["scenes"]
            ]
            why = f" ({'; '.join(_dated(report, r) for r in area['reasons'])})" if area["reasons"] else ""
            lines.append(f"{_opened(area['name'])}: {listed(shares)}{why}.")
    return lines


def _why(report: ReportDocument, area: AreaDocument) -> str:
    reasons = area["reasons"]
    if reasons and all(OUTSIDE.fullmatch(reason) for reason in reasons):
        both = len(report["scenes"]) == 2 and len(reasons) == 2
        alone = "outside the image" if len(report["scenes"]) == 1 else "outside one of the images"
        return "outside both images" if both else alone
    return "; ".join(_dated(report, r) for r in reasons) or "not observable"


def _dated(report: ReportDocument, reason: str) -> str:
    """Return a reason with the day in place of ``earlier`` and ``later``."""
    for date in report["scenes"]:
        reason = re.sub(rf"^{date}: ", f"{day_of(report, date)}: ", reason)
    return reason


def _opened(text: str) -> str:
    return text[:1].upper() + text[1:]


def missed_line(report: ReportDocument) -> str:
    """Return in one sentence what of simulated objects was found, on the last date that was tried."""
    for entry in reversed(report["detectability"]):
        words = _found_words(entry)
        if words and entry["date"] in report["scenes"]:
            day = day_of(report, entry["date"])
            added = f"As a test, simulated wagons and goods were added to the empty ground of {day}"
            return f"{added}: {words} were found."
    return NOT_TRIED


def _found_words(entry: DetectabilityDocument) -> str:
    parts = []
    for one, what in ((True, "single vehicles"), (False, "cuts of three")):
        rates = [
            r["rate"]["estimate"]
            for r in entry.get("trials", ())
            if r["track"] is None and (r["cars"] == 1) == one
        ]
        if rates:
            parts.append(f"{100 * sum(rates) / len(rates):.0f} % of {what}")
    boxes = [g for g in entry.get("goods", ()) if g["area"] is None]
    sizes = sorted({g["size_m2"] for g in boxes})
    for size in sizes[:: max(len(sizes) - 1, 1)]:
        here = [g for g in boxes if g["size_m2"] == size]
        tried = sum(g["trials"] for g in here)
        if tried:
            parts.append(f"{100 * sum(g['found'] for g in here) / tried:.0f} % of boxes of {size:g} m²")
    return listed(parts) if parts else ""
