"""What can be said against a site file: faults that refuse it and doubts that do not, each explained."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tumangang_watch.text import clean_text, count_text

Level = Literal["fault", "doubt"]

EXPLANATIONS: dict[str, tuple[str, str]] = {
    "unreadable": (
        "nothing of it can be used",
        "Give a GeoJSON FeatureCollection; 'tumangang-watch site import' makes one from other files",
    ),
    "crs": (
        "projected metres read as degrees lie anywhere on Earth",
        "Export it in EPSG:4326, or let 'tumangang-watch site import' reproject it",
    ),
    "reference": (
        "later scenes are registered to the images of the scenes a site was drawn on",
        "Leave reference_scene and reference_scenes as they were written, or remove them",
    ),
    "reference_image": (
        "later scenes are registered to it image to image; without it they are fitted to what is drawn",
        "Put the image back beside the site file, or run 'tumangang-watch site add-reference SITE SCENE'",
    ),
    "no_properties": (
        "without a role it is not known what the feature is for",
        "Give it properties with a role and an id",
    ),
    "role": ("the role decides what is looked for there", "Set role to one of those named in docs/sites.md"),
    "id": (
        "reports, files and the archive name places by their id",
        "Give it an id of letters, digits, '.', '_' or '-'",
    ),
    "duplicate_id": ("two places of one name cannot be what apart in a report", "Rename one of the two"),
    "value": (
        "a value that cannot be read would be left out unnoticed",
        "Correct the property, or remove it",
    ),
    "geometry_kind": (
        "a track is a line along which metres count, and an area is ground with an outline",
        "Draw it again with the right kind of geometry",
    ),
    "empty": ("there is nothing to look at", "Draw it, or remove the feature"),
    "parts": (
        "each part is a place of its own, and a report has to name it",
        "Split it (QGIS: Multipart to singleparts), each part with an id of its own",
    ),
    "position": (
        "a position that is not a number has no place on the ground",
        "Correct or remove that vertex",
    ),
    "swapped": ("swapped coordinates lie on another continent", "Write longitude first, as GeoJSON does"),
    "not_degrees": (
        "projected metres read as degrees lie anywhere on Earth",
        "Export it in EPSG:4326, longitude first",
    ),
    "unclosed": ("an open outline has no inside", "Repeat the first position at the end"),
    "outline": (
        "of an outline that crosses itself it cannot be said what lies inside",
        "Move the vertices there so that the outline no longer crosses itself",
    ),
    "tiny": (
        "it is smaller than anything that is looked for: points clicked twice",
        "Draw it in full size, or remove it",
    ),
    "self_crossing": (
        "metres along a track must lead one way; a train at a crossing would have two places",
        "Make two tracks of it, or remove the vertices that go back",
    ),
    "too_many": (
        "doubts compare each vertex with its track and each track with all others: it would take too long",
        "Cut it to one yard, and draw a track with one vertex every few metres",
    ),
    "nothing_reported": (
        "there is no ground and no track to report on",
        "Add a yard, a bridge, a station or a track",
    ),
    "extent": (
        "one zone of metres does not measure so far, and a feature so far away is mostly a slip",
        "Correct the feature drawn elsewhere, or make two site files",
    ),
    "tracks_close": (
        "tracks lie 4.5 to 5.5 m apart; closer ones are one track drawn twice, and a train is counted twice",
        "Remove one, or draw both on one clear scene",
    ),
    "apron_on_track": (
        "cars standing on the track are seen as goods on the apron",
        "Pull the apron's edge back to the ballast, 2 m from the track's middle",
    ),
    "no_handling": (
        "growth of worked ground is looked for inside 'handling' only: it will never be reported here",
        "Draw a handling polygon as far as the worked ground could grow",
    ),
    "accuracy_poor": (
        "a scene is fitted within 15 m of where it says it is; a site known less well cannot be fitted to",
        "Draw it on your clearest scene, or run 'tumangang-watch site trace'",
    ),
    "accuracy_unknown": (
        "a reader of the report cannot tell how far to trust positions",
        "State accuracy_m: how far, in metres, the drawn line may lie from the true one",
    ),
    "outside_areas": (
        "trains there are reported without a yard, and whether the ground was seen is not stated",
        "Draw a yard, station or bridge around the track",
    ),
    "repeated_vertex": (
        "a line has no heading between two like positions; the repeated one is left out",
        "Remove the repeated vertex",
    ),
    "kink": (
        "no main-line wagon takes a curve this sharp: the line leaves its track there, and cars are missed",
        "Add vertices every 20 to 40 m along the curve, or correct the vertex",
    ),
    "provisional": (
        "positions along a modelled track mean nothing on the ground",
        "Replace the model by tracks drawn or traced on a clear scene",
    ),
    "no_fit_ground": (
        "parallel tracks look alike: with tracks alone a fit may be one track off, and is then refused",
        "Add stable ground (roofs, roads) or aprons beside the tracks",
    ),
}
"""For each kind: why it matters, and what to do."""


@dataclass(frozen=True, kw_only=True)
class Remark:
    """One thing said against a site file."""

    kind: str
    """Key of `EXPLANATIONS`."""
    what: str
    """The fault or doubt, with the value or place in the feature it concerns."""
    where: str = ""
    """The feature it concerns; empty where it is the whole file."""
    level: Level = "fault"
    """A fault refuses the file; a doubt is noted and the file is used."""
    lonlat: tuple[float, float] | None = None
    """Where on the ground, degrees, when it is at one place."""

    @property
    def matters(self) -> str:
        """Why it matters."""
        return EXPLANATIONS[self.kind][0]

    @property
    def todo(self) -> str:
        """What to do about it."""
        return EXPLANATIONS[self.kind][1]

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" if self.where else self.what


def fault(kind: str, what: str) -> Remark:
    """Return a remark that refuses the file."""
    return Remark(kind=kind, what=what)


def remarks_text(file: Path, remarks: list[Remark]) -> str:
    """Return every remark explained: what, where, why it matters, what to do."""
    faults = sum(remark.level == "fault" for remark in remarks)
    verdict = f"refused, {count_text(faults, 'fault')}" if faults else "sound"
    doubts = len(remarks) - faults
    lines = [f"{file}: {verdict}" + (f", {count_text(doubts, 'doubt')}" if doubts else "")]
    for remark in remarks:
        place = f" (near {remark.lonlat[0]:.7f}, {remark.lonlat[1]:.7f})" if remark.lonlat else ""
        lines += [
            f"{remark.level}: {remark}{place}",
            f"    why it matters: {remark.matters}",
            f"    what to do: {remark.todo}",
        ]
    return "\n".join(clean_text(line) for line in lines)
