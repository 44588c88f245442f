"""What earlier dates say of cargo that seems to have come or gone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from tumangang_watch.change.words import span, when
from tumangang_watch.model.detection import Detection
from tumangang_watch.model.finding import Finding
from tumangang_watch.model.observation import DatePair
from tumangang_watch.settings import Settings
from tumangang_watch.text import day_text, utc_text


def bare_before(pair: DatePair, items: Sequence[Detection]) -> str:
    """Return that the ground of cargo that came was bare on a date before, in words; empty if none shows it.

    For cargo whose place lay in shadow on the compared date: that date is no base for it.
    """
    days = [dict(d.evidence).get("bare_days_before") for d in items]
    known = [d for d in days if d is not None]
    if not known or len(known) < len(days):
        return ""
    acquired = pair.later.scene.acquired
    base = day_text(
        utc_text(acquired - timedelta(days=max(known))),
        utc_text(acquired),
        utc_text(pair.earlier.scene.acquired),
    )
    return f"not there on {base}; on {when(pair.earlier, pair)} the place lay in shadow"


def stood_before(
    pair: DatePair, findings: tuple[Finding, ...], cargo: tuple[Detection, ...], settings: Settings
) -> tuple[Finding, ...]:
    """Take back that goods came or went where both dates and those before show the same.

    An object found on one date only may have been missed on the other. Where the other date clearly shows
    bare ground it came or went, however long it stood there before; where it does not, what most dates
    before both of them show decides. Without evidence of these (``compared_share``, ``before_seen``,
    ``before_same``) a finding stays as it is.
    """
    by_id = {d.id: d for d in cargo}
    return tuple(_with_record(pair, f, by_id, settings) for f in findings)


def _with_record(
    pair: DatePair, finding: Finding, cargo: dict[str, Detection], settings: Settings
) -> Finding:
    if finding.change not in ("appeared", "disappeared"):
        return finding
    names = finding.members or tuple(n for n in (finding.earlier, finding.later) if n)
    objects = [cargo[name] for name in names if name in cargo]
    records = [_stood(dict(item.evidence), settings) for item in objects]
    known = [r for r in records if r is not None]
    if not records or len(known) < len(records):
        return finding
    same, seen = min(known, key=lambda r: r[0] / r[1])
    label = objects[0].label or "surface change"
    return replace(
        finding,
        change="unchanged",
        grade="possible",
        train=None,
        track=None,
        statement=(
            f"{label[0].upper()}{label[1:]} on {pair.place(finding.area)}, {span(finding.amount)} m², is "
            f"as before: it lay there on {same} of {seen} dates before {when(pair.earlier, pair)} too."
        ),
        caveats=(
            *finding.caveats,
            "detected on one of the two dates only, but the other does not show bare ground in its place",
        ),
    )


def _stood(evidence: dict[str, float], settings: Settings) -> tuple[int, int] | None:
    """Return on how many of how many dates before both it stood there, if that decides."""
    limits = settings.history
    seen, same = int(evidence.get("before_seen", 0)), int(evidence.get("before_same", 0))
    if seen < limits.dates_min or same < limits.mostly * seen:
        return None
    return (same, seen) if evidence.get("compared_share", 0.0) > limits.empty_up_to else None
