"""Goods that came or went beside a standing train: one finding that names the train."""

from __future__ import annotations

from dataclasses import replace

from shapely.ops import unary_union

from tumangang_watch.change.words import grade_of, span, total, train_words, when
from tumangang_watch.model.detection import Detection
from tumangang_watch.model.finding import Finding
from tumangang_watch.model.interval import Interval
from tumangang_watch.model.observation import DatePair
from tumangang_watch.settings.change import ChangeSettings


def beside_trains(
    pair: DatePair,
    findings: tuple[Finding, ...],
    cargo: tuple[Detection, ...],
    trains: tuple[Detection, ...],
    settings: ChangeSettings,
) -> tuple[Finding, ...]:
    """Put goods that came (or went) beside one train together.

    A train belongs to goods that came when it stands within ``beside_train_m`` of them on the later
    date, whether or not it stood there before; to goods that went, likewise: they may have been
    loaded.

    Parameters
    ----------
    findings : tuple of Finding
        Of cargo.
    cargo, trains : tuple of Detection
    """
    shapes = {d.id: d for d in cargo}
    present = [t for t in trains if t.date == "later" and t.grade == "detected"]
    kept: list[Finding] = []
    groups: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in findings:
        train = _nearest(finding, present, settings.beside_train_m)
        if train is None or finding.change not in ("appeared", "disappeared"):
            kept.append(finding)
        else:
            groups.setdefault((train.id, finding.change, finding.grade), []).append(finding)
    by_id = {t.id: t for t in present}
    for (train_id, _, _), members in sorted(groups.items()):
        kept.append(_joined(pair, by_id[train_id], members, shapes))
    return tuple(kept)


def _nearest(finding: Finding, trains: list[Detection], reach_m: float) -> Detection | None:
    near = [(t.geometry.distance(finding.geometry), t.id, t) for t in trains]
    near = [n for n in near if n[0] <= reach_m]
    return min(near)[2] if near else None


def _joined(
    pair: DatePair, train: Detection, members: list[Finding], shapes: dict[str, Detection]
) -> Finding:
    """Return one finding for all goods that changed alike beside a train."""
    largest = max(members, key=lambda f: (f.amount.estimate, f.id))
    amount = total([f.amount for f in members])
    date = "later" if largest.change == "appeared" else "earlier"
    own = [shapes[i] for f in members if (i := getattr(f, date)) in shapes]
    return replace(
        largest,
        id=f"finding-{train.id}-{largest.change}-{largest.id.removeprefix('finding-')}",
        track=train.track,
        amount=amount,
        confidence=min(f.confidence for f in members),
        grade=grade_of(*own) if own and largest.grade == "detected" else largest.grade,
        statement=_words(pair, train, len(members), largest.change, amount),
        geometry=unary_union([f.geometry for f in members]),
        observed_fraction=min(f.observed_fraction for f in members),
        caveats=tuple(dict.fromkeys(c for f in members for c in f.caveats)),
        train=train.id,
        members=tuple(sorted(i for f in members if (i := getattr(f, date)) is not None)),
    )


def _words(pair: DatePair, train: Detection, count: int, change: str, amount: Interval) -> str:
    things = "1 object" if count == 1 else f"{count} objects"
    body = train_words(train).rstrip(",")
    body = body[0].lower() + body[1:]
    beside = f"beside {body} on track {train.track}"
    if change == "appeared":
        return f"Goods set down {beside}: {things}, {span(amount)} m2, not there on {when(pair.earlier)}."
    return f"Goods gone {beside}: {things}, {span(amount)} m2, there on {when(pair.earlier)}."
