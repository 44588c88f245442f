"""Judge what was published on scenes: painted ones of the sequence, or the user's own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from tumangang_watch.errors import Busy, InputRefused, NotComparable, WatchError
from tumangang_watch.model.comparison import Comparison
from tumangang_watch.model.scene import Scene
from tumangang_watch.pipeline.compare import compare, detect
from tumangang_watch.pipeline.run import RunContext
from tumangang_watch.processes import within
from tumangang_watch.reidentify.compare import SameTrain, same_train
from tumangang_watch.reproduce import Evidence, Judgement, judge, load_observations, match_scenes
from tumangang_watch.reproduce.observations import PLACES, VERDICTS, Observed
from tumangang_watch.scenes import SceneOptions, footprint, open_scene, unchanged
from tumangang_watch.scenes.entry import scenes_in as folder_scenes
from tumangang_watch.settings.records import WatchSettings
from tumangang_watch.simulate.sequence import SEQUENCE, paint_sequence, sequence_site
from tumangang_watch.simulate.write import site_geojson
from tumangang_watch.text import utc_text

MOST = 0.5
"""Share of a place that a scene must cover to be preferred to one that covers less."""


@dataclass(frozen=True)
class Reproduction:
    """Every claim judged, and the scenes it was judged on."""

    observations: tuple[Observed, ...]
    judgements: tuple[Judgement, ...]
    scenes: tuple[Scene, ...]
    refused: tuple[tuple[str, str], ...]
    """Files that could not be used, with the reason."""


def scenes_in(
    folder: Path, latest: datetime, run: RunContext, limit_s: float
) -> tuple[list[Scene], list[tuple[str, str]]]:
    """Return the scenes of a folder and of the folders in it, and what could not be opened.

    Raises
    ------
    InputRefused
        It is no folder, or nothing in it can be used.
    """
    scenes, refused = [], []
    try:
        files = folder_scenes(folder, run.settings.history.max_files)
    except InputRefused as error:
        raise InputRefused("scenes refused", folder, error.why, error.todo) from error
    for file in files:
        try:
            with within(limit_s):
                scenes.append(open_scene(file, SceneOptions(latest=latest), run.settings.read))
        except InputRefused as error:
            refused.append((file.name, f"{error.why}. {error.todo}"))
    if refused and not scenes:
        why = f"no scene in it can be used ({refused[0][0]}: {refused[0][1]})"
        raise InputRefused("scenes refused", folder, why, "'tumangang-watch inspect' tells of each")
    if not scenes:
        raise InputRefused("scenes refused", folder, "it holds no scene", "Give a folder of scenes")
    return scenes, refused


def reproduce_folder(
    folder: Path, latest: datetime, run: RunContext, limit_s: float = WatchSettings.scene_limit_s
) -> Reproduction:
    """Judge every published claim on the scenes of a folder that show its place at its time.

    Parameters
    ----------
    limit_s : float
        How long reading one scene, or measuring it, may take (`processes.within`).

    Raises
    ------
    InputRefused
        It is no folder, or nothing in it can be used.
    Busy
        A scene was replaced while it was measured.
    """
    scenes, refused = scenes_in(folder, latest, run, limit_s)
    known = load_observations()
    times = [scene.acquired for scene in scenes]
    # A scene that shows a corner of a place is its scene only where no other shows more.
    matched = match_scenes(known, times, [_areas_shown(scene, run, 0.0) for scene in scenes])
    matched |= match_scenes(known, times, [_areas_shown(scene, run, MOST) for scene in scenes])
    evidence, blind = _evidence(known, matched, scenes, run, limit_s)
    same = dict(_same_trains(known, evidence))
    judgements = []
    for observed in known:
        lines = judge(observed, evidence, same)
        if observed.id in blind:
            scene, why = scenes[matched[observed.id]], blind[observed.id]
            lines = [
                replace(line, verdict="not observable", why=why, scene=scene.id, painted=scene.painted)
                for line in lines
            ]
        judgements += lines
    return Reproduction(known, tuple(judgements), tuple(scenes), tuple(refused))


def _areas_shown(scene: Scene, run: RunContext, least: float) -> frozenset[str]:
    """Return the areas of which a scene's picture covers something, and at least this share."""
    ground = footprint(scene, run.site.crs)
    covered = {a.id: a.polygon.intersection(ground).area / a.polygon.area for a in run.site.areas}
    return frozenset(area for area, share in covered.items() if share > 0 and share >= least)


def _evidence(
    known: tuple[Observed, ...],
    matched: dict[str, int],
    scenes: Sequence[Scene],
    run: RunContext,
    limit_s: float,
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
            with within(limit_s):
                done[key] = _measure(None if earlier is None else scenes[earlier], scenes[later], run)
        result = done[key]
        if isinstance(result, str):
            blind[observed.id] = result
            continue
        evidence[observed.id] = Evidence(
            scene=scenes[later].id,
            acquired=scenes[later].acquired,
            painted=scenes[later].painted,
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
        with unchanged([later] if earlier is None else [earlier, later]):
            return detect(later, quiet) if earlier is None else compare(earlier, later, quiet)
    except Busy:
        raise
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


def summary(reproduction: Reproduction) -> dict[str, Any]:
    """Return ``reproduction.json``'s content, the tool's version apart."""
    by_id = {o.id: o for o in reproduction.observations}
    lines = []
    for line in reproduction.judgements:
        of = by_id[line.observation]
        published = {n: getattr(of, n) for n in ("place", "publisher", "url", "facts", "caveat")}
        judged = {n: getattr(line, n) for n in ("claim", "verdict", "why", "scene", "painted")}
        lines.append({"observation": of.id, "date": of.first.isoformat(), **published, **judged})
    return {
        "schema_version": 1,
        "counts": {v: sum(line["verdict"] == v for line in lines) for v in VERDICTS},
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
