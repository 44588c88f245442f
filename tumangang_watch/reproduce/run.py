"""Judge what was published on scenes: painted ones of the sequence, or the user's own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from tumangang_watch.errors import InputRefused, NotComparable, WatchError
from tumangang_watch.model.comparison import Comparison
from tumangang_watch.model.scene import Scene
from tumangang_watch.pipeline.compare import compare, detect
from tumangang_watch.pipeline.run import RunContext
from tumangang_watch.reidentify.compare import SameTrain, same_train
from tumangang_watch.reproduce import Evidence, Judgement, judge, load_observations, match_scenes
from tumangang_watch.reproduce.observations import PLACES, Observed
from tumangang_watch.scenes import SceneOptions, footprint, open_scene
from tumangang_watch.simulate.sequence import SEQUENCE, paint_sequence, sequence_site
from tumangang_watch.simulate.write import site_geojson
from tumangang_watch.text import utc_text

ENDINGS = (".tif", ".tiff")
PAINTED = "painted"
"""Provider of scenes that the program painted."""


@dataclass(frozen=True)
class Reproduction:
    """Every claim judged, and the scenes it was judged on."""

    observations: tuple[Observed, ...]
    judgements: tuple[Judgement, ...]
    scenes: tuple[Scene, ...]
    refused: tuple[tuple[str, str], ...]
    """Files that could not be used, with the reason."""


def scenes_in(folder: Path, latest: datetime, run: RunContext) -> tuple[list[Scene], list[tuple[str, str]]]:
    """Return the scenes of a folder and of the folders in it, and what could not be opened.

    Raises
    ------
    InputRefused
        It is no folder, or nothing in it can be used.
    """
    try:
        files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in ENDINGS and p.is_file())
    except OSError as error:
        raise InputRefused("scenes refused", folder, str(error), "Give a folder of scenes") from error
    if not folder.is_dir() or not files:
        raise InputRefused("scenes refused", folder, "it holds no GeoTIFF", "Give a folder of scenes")
    scenes, refused = [], []
    for file in files:
        if file.stem.lower().endswith(("_udm", "_udm2")):
            continue
        try:
            scenes.append(open_scene(file, SceneOptions(latest=latest), run.settings.read))
        except InputRefused as error:
            refused.append((file.name, f"{error.why}. {error.todo}"))
    if not scenes:
        why = f"no scene in it can be used ({refused[0][0]}: {refused[0][1]})"
        raise InputRefused("scenes refused", folder, why, "'tumangang-watch inspect' tells of each")
    return scenes, refused


def reproduce(
    scenes: Iterable[Scene], run: RunContext, observations: tuple[Observed, ...] | None = None
) -> Reproduction:
    """Judge every published claim on the scenes that show its place at its time."""
    known = load_observations() if observations is None else observations
    opened = tuple(scenes)
    shown = [_areas_shown(scene, run) for scene in opened]
    matched = match_scenes(known, [scene.acquired for scene in opened], shown)
    evidence, blind = _evidence(known, matched, opened, run)
    same = dict(_same_trains(known, evidence))
    judgements = [
        replace(
            line,
            verdict="not observable",
            why=blind[observed.id],
            scene=opened[matched[observed.id]].id,
            painted=_painted(opened[matched[observed.id]]),
        )
        if observed.id in blind
        else line
        for observed in known
        for line in judge(observed, evidence, same)
    ]
    return Reproduction(known, tuple(judgements), opened, ())


def _areas_shown(scene: Scene, run: RunContext) -> frozenset[str]:
    ground = footprint(scene, run.site.crs)
    return frozenset(a.id for a in run.site.areas if a.polygon.intersects(ground))


def _evidence(
    known: tuple[Observed, ...], matched: dict[str, int], scenes: tuple[Scene, ...], run: RunContext
) -> tuple[dict[str, Evidence], dict[str, str]]:
    """Measure each matched scene once (a pair where a claim compares); say why one could not be."""
    done: dict[tuple[int | None, int], Comparison | str] = {}
    evidence, blind = {}, {}
    for observed in known:
        if observed.id not in matched:
            continue
        since = next((c.since for c in observed.claims if c.since is not None and c.since in matched), None)
        later = matched[observed.id]
        earlier = matched[since] if since is not None else None
        if earlier == later:
            since = earlier = None
        key = earlier, later
        if key not in done:
            run.progress(f"measuring {scenes[later].id}")
            done[key] = _measure(None if earlier is None else scenes[earlier], scenes[later], run)
        result = done[key]
        if isinstance(result, str):
            blind[observed.id] = result
            continue
        evidence[observed.id] = Evidence(
            scene=scenes[later].id,
            acquired=scenes[later].acquired,
            painted=_painted(scenes[later]),
            site=run.site,
            seen={a.id: (a.status, a.reasons) for a in result.areas},
            detections=tuple(d for d in result.detections if d.date == "later"),
            since=since,
            earlier=tuple(d for d in result.detections if d.date == "earlier"),
            findings=result.findings,
        )
    return evidence, blind


def _measure(earlier: Scene | None, later: Scene, run: RunContext) -> Comparison | str:
    quiet = replace(run, progress=lambda _: None)
    try:
        return detect(later, quiet) if earlier is None else compare(earlier, later, quiet)
    except NotComparable as error:
        return f"{error.what}: {error.why}"
    except WatchError as error:
        return str(error)


def _same_trains(
    known: tuple[Observed, ...], evidence: dict[str, Evidence]
) -> Iterator[tuple[tuple[str, str], SameTrain]]:
    """Yield the answer for each pair of trains that a claim says are one."""
    for observed in known:
        for claim in observed.claims:
            if claim.same_as is None or not {claim.same_as, observed.id} <= evidence.keys():
                continue
            place = {o.id: PLACES[o.place] for o in known}
            there, here = (
                [d for d in evidence[i].detections if d.area in place[i] and d.rolling_stock]
                for i in (claim.same_as, observed.id)
            )
            comparisons = max(1, len(there) * len(here))
            for first in there:
                for second in here:
                    pair = f"{claim.same_as}/{first.id}", f"{observed.id}/{second.id}"
                    yield pair, same_train(first.rolling_stock, second.rolling_stock, comparisons)


def _painted(scene: Scene) -> bool:
    return scene.provider == PAINTED


def summary(reproduction: Reproduction) -> dict[str, Any]:
    """Return ``reproduction.json``'s content, the tool's version apart."""
    by_id = {o.id: o for o in reproduction.observations}
    lines = [
        {
            "observation": line.observation,
            "date": by_id[line.observation].first.isoformat(),
            "place": by_id[line.observation].place,
            "publisher": by_id[line.observation].publisher,
            "url": by_id[line.observation].url,
            "facts": by_id[line.observation].facts,
            "caveat": by_id[line.observation].caveat,
            "claim": line.claim,
            "verdict": line.verdict,
            "why": line.why,
            "scene": line.scene,
            "painted": line.painted,
        }
        for line in reproduction.judgements
    ]
    verdicts = ("reproduced", "contradicted", "not observable", "no scene")
    return {
        "schema_version": 1,
        "counts": {v: sum(line["verdict"] == v for line in lines) for v in verdicts},
        "painted": any(line["painted"] for line in lines),
        "scenes": [
            {
                "id": s.id,
                "sha256": s.sha256,
                "acquired": utc_text(s.acquired, fractions=False),
                "provider": s.provider,
            }
            for s in reproduction.scenes
        ],
        "refused": [{"file": name, "why": why} for name, why in reproduction.refused],
        "claims": lines,
    }


def painted_scenes(run: RunContext, folder: Path) -> tuple[RunContext, str]:
    """Paint the sequence into a folder; return the run at its site, and that site's GeoJSON.

    The painted site adds model tracks at Khasan and beyond the bridge to the run's site.
    """
    site = sequence_site(run.site)
    for number, path in enumerate(paint_sequence(site, folder), start=1):
        run.progress(f"painted {number} of {len(SEQUENCE)}: {path.stem}")
    return replace(run, site=site), json.dumps(site_geojson(site), indent=1, ensure_ascii=False) + "\n"


def reproduce_folder(folder: Path, latest: datetime, run: RunContext) -> Reproduction:
    """Judge every published claim on the scenes of a folder."""
    scenes, refused = scenes_in(folder, latest, run)
    return replace(reproduce(scenes, run), refused=tuple(refused))
