"""Judge published cargo on the ground."""

from __future__ import annotations

from tumangang_watch.model.detection import Detection
from tumangang_watch.model.site import Site
from tumangang_watch.reproduce.evidence import Evidence
from tumangang_watch.reproduce.observations import Claim, Verdict, range_words
from tumangang_watch.settings.records import PublishedSettings


def judge_cargo(
    claim: Claim, own: Evidence | None, areas: list[str], limits: PublishedSettings
) -> tuple[str, Verdict, str]:
    """Judge goods on the ground of a place."""
    words = (
        "the piles are smaller"
        if claim.kind == "piles_smaller"
        else f"{range_words(claim.count or (0, None))} piles of goods" + (" are new" if claim.since else "")
    )
    if own is None:
        return words, "no scene", ""
    if claim.since is not None and own.since != claim.since:
        return words, "no scene", f"no scene of {claim.since} to compare with"
    here = [d for d in own.detections if d.kind == "cargo" and _inside(d, own.site, areas)]
    if claim.kind == "piles_smaller":
        before = [d for d in own.earlier if d.kind == "cargo" and _inside(d, own.site, areas)]
        old, new = (sum(d.geometry.area for d in group) for group in (before, here))
        if not before:
            return words, "not observable", f"no goods were found in the scene of {claim.since}"
        found = f"{new:.0f} m2 of goods, {old:.0f} m2 before"
        return words, "reproduced" if new <= limits.smaller_share * old else "contradicted", found
    came = [f for f in own.findings if f.kind == "cargo" and f.change == "appeared"]
    # Goods beside one train are one finding of several objects; a publication counts the objects.
    new_ids = {i for f in came for i in (f.later, *f.members)}
    counted = [d for d in here if claim.since is None or d.id in new_ids]
    sure = sum(d.grade == "detected" for d in counted)
    found = f"{len(counted)} found, {sure} of them surely"
    low, high = claim.count or (0, None)
    if len(counted) < low:
        return words, "contradicted", f"{found}; goods toned like their ground can be missed"
    if high is not None and sure > high:
        return words, "contradicted", found
    return words, "reproduced", found


def _inside(cargo: Detection, site: Site, areas: list[str]) -> bool:
    return any(a.polygon.intersects(cargo.geometry) for a in site.areas if a.id in areas)
