"""A thing under review as text and as JSON values, for the subcommands of ``review``."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from tumangang_watch.model.review import Thing, span_words, words_of
from tumangang_watch.report.names import chip_name
from tumangang_watch.review.status import ReviewStatus
from tumangang_watch.text import PAINTED, marked


def line_of(one: ReviewStatus, *, with_state: bool = True) -> str:
    """Return a thing under review in one line."""
    about, subject = one.about, one.subject
    if subject is not None:
        status = f"{about.evidence['grade']}, {about.evidence['confidence']:.2f}"
        mark = PAINTED if subject.painted else None
        when, words = subject.acquired[:16].replace("T", " "), marked(subject.statement, mark)
    else:
        status = one.state
        when = str(about.evidence.get("acquired") or about.evidence.get("report", "")).replace("T", " ")[:16]
        words = words_of_about(one)
    state = f"  {one.state:<10}" if with_state else ""
    return f"{about.key[:8]}  {when}{state}  {about.kind:<8}  {words} ({status})"


def words_of_about(one: ReviewStatus) -> str:
    """Return what a review without a standing finding is about."""
    about = one.about
    if about.word == "area":
        return f"area {about.area} looked over whole"
    statement = about.evidence.get("statement")
    words = str(statement) if statement else words_of(about.evidence)
    return f"added by a reader: {words}" if about.word == "missed" else f"no longer reported: {words}"


def lines_of(one: ReviewStatus, reports: Path | None) -> list[str]:
    """Return a thing under review in full: evidence, picture, and every answer to it."""
    about, evidence = one.about, one.about.evidence
    lines = [line_of(one)]
    if one.subject is not None:
        lines.append(f"  in {one.subject.folder}/{one.subject.id}, area {about.area}")
        lines += [f"  picture: {path}" for path in chips_of(one, reports)]
    if "change" in evidence:
        amount = evidence["amount"]
        lines.append(f"  {evidence['change']}: {span_words(amount)} {amount['unit']}")
    for date, thing in (("earlier", evidence.get("earlier")), ("later", evidence.get("later"))):
        if thing:
            lines.append(f"  {date}: {_thing_line(thing)}")
    if "change" not in evidence and about.word != "area":
        lines.append(f"  {_thing_line(evidence)}")
    lines += [f"  caveat: {text}" for text in evidence.get("caveats", [])]
    for review in one.reviews:
        answer = review.answer
        state = (
            ""
            if review in one.latest
            else " (of what has changed since)"
            if review in one.stale
            else " (replaced)"
        )
        words = [answer.verdict, f"by {review.reader}", review.made[:16].replace("T", " ")]
        words += [f"reason {answer.reason}"] if answer.reason else []
        values = {n: v for n, v in answer.correction.as_dict().items() if n != "outline"}
        words += [f"{n} {v}" for n, v in values.items()]
        words += ["outline redrawn"] if answer.correction.outline else []
        lines.append("  - " + ", ".join(words) + state)
        lines += [f"      {text}" for text in answer.remark.splitlines()]
    return lines


def chips_of(one: ReviewStatus, reports: Path | None) -> list[str]:
    """Return where a finding's picture lies; with the folder of reports only when it is there."""
    subject = one.subject
    if subject is None or (subject.about.word == "detection" and subject.covered):
        return []
    path = Path(subject.folder) / "chips" / chip_name(subject.id)
    if reports is None:
        return [f"{path} (in the folder of reports)"]
    return [str(reports / path)] if (reports / path).is_file() else []


def _thing_line(thing: Thing) -> str:
    stock = [f"{c} {t}" for c, t in zip(thing.get("colours") or [], thing.get("types") or [], strict=False)]
    runs = [(name, len(list(run))) for name, run in groupby(stock)]
    consist = ", ".join(f"{count} x {name}" if count > 1 else name for name, count in runs)
    grade = f"{thing['grade']}, confidence {thing['confidence']:.2f}" if "grade" in thing else ""
    return "; ".join(text for text in (words_of(thing), grade, consist) if text)


def document_of(one: ReviewStatus) -> dict[str, object]:
    """Return a thing under review as JSON values."""
    about, subject = one.about, one.subject
    return {
        "key": about.key,
        "about": about.word,
        "state": one.state,
        "site": about.site,
        "report": subject.folder if subject else about.evidence.get("report"),
        "id": subject.id if subject else about.evidence.get("id"),
        "standing": subject is not None,
        **({"painted": True} if subject and subject.painted else {}),
        "acquired": subject.acquired if subject else None,
        "earlier_acquired": subject.earlier_acquired if subject else None,
        "scenes": {"earlier": about.earlier, "later": about.scene},
        "kind": about.kind,
        "area": about.area,
        "statement": subject.statement if subject else words_of_about(one),
        "evidence": about.evidence,
        "reviews": [
            {
                "reader": r.reader,
                **r.answer.as_dict(),
                "made": r.made,
                "origin": r.origin,
                "counts": r in one.latest,
                "stale": r in one.stale,
                "of": r.about.key,
            }
            for r in one.reviews
        ],
    }
