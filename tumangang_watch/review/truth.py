"""Reviews as labels: the contract's truth file, with what it does and does not cover."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from tumangang_watch.model.review import ANY_KIND, Review
from tumangang_watch.review.consensus import Judged
from tumangang_watch.review.status import Standing

Document = dict[str, Any]
SECTIONS = {"train": "trains", "cargo": "cargo"}


def truth_of(
    scenes: Mapping[str, str], seen: Mapping[str, Sequence[Judged]], whole: Collection[tuple[str, str, str]]
) -> Document:
    """Return trains and goods that readers say were there, and places where they say there was nothing.

    Parameters
    ----------
    scenes : mapping
        ``earlier`` and ``later`` (or only ``later``) to the scene (sha256).
    seen : mapping
        What was judged, by scene, taken as its readers saw it (`review_effect.judge` with ``as_seen``).
    whole : collection of (scene, area, kind)
        Where a reader looked over everything: what is not labelled there is not there.
    """
    out: Document = {"trains": [], "cargo": [], "new_ground": [], "rejected": [], "disputed": []}
    for date, scene in scenes.items():
        for judged in seen.get(scene, ()):
            if judged.kind not in SECTIONS:
                continue
            placed = judged.kind != "train" or judged.thing.get("to_m") is not None
            if judged.says == "there" and placed:
                out[SECTIONS[judged.kind]].append(_entry(date, judged))
            elif judged.says == "not_there":
                out["rejected"].append(_place(date, judged))
            elif judged.says != "open":
                out["disputed"].append(_place(date, judged))
    labels = {scene: date for date, scene in scenes.items()}
    out["coverage"] = sorted(
        (
            {"date": labels[scene], "area": area, "kind": kind}
            for scene, area, kind in whole
            if scene in labels
        ),
        key=lambda c: (c["date"], c["area"], c["kind"]),
    )
    return out


def new_ground_of(standing: Sequence[Standing], later: str, earlier: str | None) -> list[Document]:
    """Return the growth that readers confirmed between two scenes."""
    found = []
    for one in standing:
        about = one.about
        if (about.word, about.scene, about.earlier, about.kind) != (
            "finding",
            later,
            earlier,
            "handling_area",
        ):
            continue
        if about.evidence["change"] == "grown" and one.state in ("accepted", "corrected"):
            outlines = [r.answer.correction.outline for r in one.latest if r.answer.correction.outline]
            found.append(
                {
                    "geometry": outlines[-1] if outlines else about.evidence["geometry"],
                    "area": about.area,
                    "basis": one.state,
                    "readers": [r.reader for r in one.latest],
                }
            )
    return found


def rejected_ground_of(standing: Sequence[Standing], later: str, earlier: str | None) -> list[Document]:
    """Return the growth that readers say is none."""
    return [
        {"date": "later", "kind": "handling_area", "geometry": one.about.evidence["geometry"]}
        for one in standing
        if (one.about.word, one.about.scene, one.about.earlier) == ("finding", later, earlier)
        and one.about.kind == "handling_area"
        and one.state == "rejected"
    ]


def wholly_reviewed(
    reviews: Sequence[Review], now: Mapping[str, Sequence[Judged]]
) -> tuple[set[tuple[str, str, str]], list[Document]]:
    """Return (scene, area, kind) where everything is known, and where a reader said so but it is not.

    Everything is known where a reader looked over the whole area and each standing detection in it has been
    judged beyond doubt.

    Parameters
    ----------
    reviews : sequence of Review
        All reviews, in order.
    now : mapping
        What was judged, by scene, against the standing reports.
    """
    last: dict[tuple[str, str, str, str], Review] = {}
    for review in reviews:
        about = review.about
        if about.word == "area":
            last[review.reader, about.scene, about.area or "", about.kind] = review
    whole, but = set(), []
    for (_, scene, area, kind), review in last.items():
        if review.answer.verdict != "complete":
            continue
        for one in SECTIONS if kind == ANY_KIND else (kind,):
            left = [
                j
                for j in now.get(scene, ())
                if j.kind == one and j.thing.get("area") == area and j.says in ("open", "doubtful")
            ]
            if left:
                but.append({"scene": scene, "area": area, "kind": one, "open": len(left)})
            else:
                whole.add((scene, area, one))
    counted: dict[tuple[str, str, str], Document] = {
        (str(b["scene"]), str(b["area"]), str(b["kind"])): b for b in but
    }
    return whole, [b for key, b in sorted(counted.items()) if key not in whole]


def outcomes_by_kind(now: Mapping[str, Sequence[Judged]]) -> dict[str, list[tuple[Judged, bool]]]:
    """Return, by kind, the standing detections that were judged beyond doubt, with whether they are real."""
    found: dict[str, list[tuple[Judged, bool]]] = defaultdict(list)
    for scene in sorted(now):
        for judged in now[scene]:
            if judged.subject is not None and judged.says in ("there", "not_there"):
                found[judged.kind].append((judged, judged.says == "there"))
    return dict(found)


def _place(date: str, judged: Judged) -> Document:
    thing = judged.thing
    return {
        "date": date,
        "kind": judged.kind,
        "area": thing.get("area"),
        "readers": list(judged.readers),
        **{name: thing.get(name) for name in ("track", "from_m", "to_m", "geometry")},
    }


def _entry(date: str, judged: Judged) -> Document:
    """Return a label. ``measured`` names what a reader gave; the rest is the detector's own."""
    thing, given = judged.thing, judged.given
    sources = {"cars": {"cars"}, "length_m": {"from_m", "to_m"}, "area_m2": {"outline"}}
    common = {
        "date": date,
        "area": thing.get("area"),
        "basis": judged.basis,
        "readers": list(judged.readers),
        "geometry": thing.get("geometry"),
        "measured": sorted(name for name, needed in sources.items() if needed & given),
    }
    if judged.kind != "train":
        return {**common, "reviewed_area_m2": thing.get("area_m2")}
    cars = thing.get("cars")
    sharp = cars is not None and cars["low"] == cars["high"]
    return {
        **common,
        **{name: thing.get(name) for name in ("track", "from_m", "to_m")},
        "cars": int(cars["estimate"]) if cars is not None and sharp else None,
        "cars_low": cars["low"] if cars else None,
        "cars_high": cars["high"] if cars else None,
        "colours": list(thing.get("colours") or []),
    }
