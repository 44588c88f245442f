"""Findings as a reader wants them: sure changes first, what stayed last; and which two are one event."""

from __future__ import annotations

from tumangang_watch.model.finding import Finding

IMPORTANCE = {"appeared": 0, "disappeared": 0, "grown": 1, "shrunk": 1, "moved": 2, "unchanged": 3}
KIND_ORDER = {"train": 0, "handling_area": 1, "cargo": 2}
COUNTED_FROM = 0.1
"""Probability from which a possible change is counted: more than a remote one."""


def is_remote(finding: Finding) -> bool:
    """Return whether a change is told, but not likely enough to be counted."""
    possible = finding.change != "unchanged" and finding.grade == "possible"
    return possible and finding.confidence < COUNTED_FROM


def by_importance(findings: tuple[Finding, ...]) -> list[Finding]:
    """Return findings as a reader wants them: sure changes first, what stayed last."""
    return sorted(
        findings,
        key=lambda f: (
            f.change == "unchanged",
            f.grade != "detected",
            is_remote(f),
            KIND_ORDER.get(f.kind, 9),
            IMPORTANCE.get(f.change, 9),
            -f.confidence,
            -f.amount.estimate,
            f.id,
        ),
    )


def event_of(finding: str, other: str | None) -> str:
    """Return the key of a finding's event, given the id of the event's other finding if it has one."""
    return min(finding, other or finding)


def events_of(findings: tuple[Finding, ...]) -> list[tuple[Finding, ...]]:
    """Return what changed, an event each: a finding, or the train that went and the one in its place."""
    events: dict[str, list[Finding]] = {}
    for finding in by_importance(findings):
        if finding.change != "unchanged":
            events.setdefault(event_of(finding.id, finding.with_finding), []).append(finding)
    return [tuple(event) for event in events.values()]
