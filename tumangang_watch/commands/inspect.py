"""``inspect``: what is understood of scenes, as a table of a dozen lines each, each value with its source.

It measures nothing, and imports nothing that does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import click

from tumangang_watch.commands.terminal.given import scene_options
from tumangang_watch.commands.terminal.run_settings import time_limit_s
from tumangang_watch.detectability.describe import areas_inside, describe_scene
from tumangang_watch.detectability.describe import quicklook as make_quicklook
from tumangang_watch.errors import NotComparable
from tumangang_watch.files import check_file, write_whole
from tumangang_watch.grid import utm_crs
from tumangang_watch.model.scene import Scene
from tumangang_watch.processes import within
from tumangang_watch.scenes import footprint, open_scene, open_scenes, unchanged, with_digest
from tumangang_watch.settings import Settings
from tumangang_watch.sites import load_site
from tumangang_watch.text import KOREAN_GRIDS, clean_text, clock_text, json_text, provider_text

DIGEST_BYTES = 200_000_000
"""``inspect`` gives no digest of a larger file: reading it all takes longer than understanding it."""
UNKNOWN = "unknown"
RELATIVE = {
    "dn": "counts, relative only",
    "visual": "8-bit picture, relative only",
    "unknown": "unknown, relative only",
}
RELATIVE |= {"reflectance": "reflectance", "radiance": "radiance"}
WORDS = {
    "presence": "trains",
    "track": "their tracks",
    "length": "lengths",
    "count": "counts of cars",
    "type": "types of cars",
    "colours": "colours",
    "load": "loads",
}


def inspect(
    scene: Path,
    acquired: str | None,
    bands: str | None,
    site: Path | None,
    quicklook: Path | None,
    time_limit: int | None,
    as_json: bool,
) -> int:
    """Print what is understood of a scene, and what it can and cannot show."""
    settings, place = Settings(), load_site(site)
    options = replace(scene_options(acquired, bands), digest=False, site=place)
    with within(time_limit_s(time_limit)):
        if scene.is_dir():
            scenes = open_scenes(scene, options, settings.read)
        else:
            scenes = [open_scene(scene, options, settings.read)]
        if len(scenes) == 1 and scenes[0].image.stat().st_size <= DIGEST_BYTES:
            scenes = [with_digest(scenes[0])]
        with unchanged(scenes):
            described = [describe_scene(s, settings) for s in scenes]
            if quicklook is not None:
                check_file(quicklook, overwrite=False)
                picture = make_quicklook(scenes[0], place, settings)
    if quicklook is not None:
        write_whole(quicklook, picture)
    if as_json:
        content: object = described[0] if len(described) == 1 else {"scenes": described}
        click.echo(json_text(content), nl=False)
        return 0
    tables = [
        scene_table(facts, areas_inside(one, place), korean=_in_korea(one))
        for facts, one in zip(described, scenes, strict=True)
    ]
    click.echo("\n\n".join(tables))
    return 0


def _in_korea(scene: Scene) -> bool:
    """Return whether a scene lies in a UTM zone of Korea, with or without the site."""
    try:
        middle = footprint(scene, "EPSG:4326").centroid
    except NotComparable:
        return False
    return utm_crs(middle.x, middle.y) in KOREAN_GRIDS


def scene_table(facts: Mapping[str, object], inside: Mapping[str, float], *, korean: bool) -> str:
    """Return what is understood of a scene as lines for people.

    Parameters
    ----------
    facts : dict
        As `pipeline.describe_scene` gives them.
    inside : dict
        Share of each area of the site that lies in the scene.
    korean : bool
        Whether its time is told by Korea's clock too.
    """
    sources = _dict(facts["sources"])
    bands = " ".join(f"{number}:{name}" for name, number in _dict(facts["bands"]).items())
    masks = facts["mask"] or "none"
    cloud = facts["cloud_fraction"]
    rows = (
        ("what", f"{provider_text(str(facts['provider']))}, {facts['file']}", "provider"),
        ("when", clock_text(str(facts["acquired"]), korean=korean), "acquired"),
        ("grain", f"{facts['gsd_m']} m on the ground (pixels of {facts['pixel_m']} m)", "gsd_m"),
        ("size", f"{facts['width_px']} x {facts['height_px']} pixels, {_short(facts['crs'])}", "crs"),
        ("place", f"known to {facts['geolocation_ce90_m']} m (CE90)", "geolocation_ce90_m"),
        ("bands", bands, "bands"),
        ("units", RELATIVE.get(str(facts["radiometry"]), str(facts["radiometry"])), "radiometry"),
        ("sun", _angles(facts["sun_elevation_deg"], "high", facts["sun_azimuth_deg"]), "sun_elevation_deg"),
        ("view", _angles(facts["off_nadir_deg"], "off nadir", facts["view_azimuth_deg"]), "off_nadir_deg"),
        (
            "cloud",
            UNKNOWN if cloud is None else f"{float(str(cloud)):.0%} of the whole scene",
            "cloud_fraction",
        ),
        ("mask", str(masks), "mask"),
    )
    lines = [f"Warning: {clean_text(str(w))}" for w in _list(facts["warnings"])]
    lines += [_line(name, value, str(sources.get(key, ""))) for name, value, key in rows]
    lines.append(_line("site", _site(inside), ""))
    lines += [_line(*row, "") for row in _abilities(_dict(facts["can_show"]))]
    return "\n".join(lines)


def _line(name: str, value: str, source: str) -> str:
    origin = f"  [{clean_text(source)}]" if source and source != UNKNOWN else ""
    return f"{name:<8}{clean_text(value)}{origin}"


def _angles(first: object, word: str, azimuth: object) -> str:
    if first is None:
        return UNKNOWN
    return f"{float(str(first)):.1f} degrees {word}" + (
        "" if azimuth is None else f", from {float(str(azimuth)):.0f}"
    )


def _short(crs: object) -> str:
    return str(crs) if len(str(crs)) < 40 else "a reference system without a code"


def _site(inside: Mapping[str, float]) -> str:
    seen = [f"{name} {share:.0%}" for name, share in inside.items() if share > 0]
    missing = [name for name, share in inside.items() if share == 0]
    if not inside or not seen:
        return "nothing of it lies in the scene"
    return ", ".join(seen) + (f"; not {', '.join(missing)}" if missing else "")


def _abilities(shown: Mapping[str, object]) -> list[tuple[str, str]]:
    verdicts = {q: _dict(v)["told"] for q, v in _dict(shown["quantities"]).items()}
    rows = [
        (name, ", ".join(WORDS.get(q, q) for q, verdict in verdicts.items() if verdict == wanted))
        for name, wanted in (("tells", "yes"), ("limited", "limited"), ("not", "no"))
    ]
    return [*((n, v) for n, v in rows if v), *(("", str(limit)) for limit in _list(shown["limits"]))]


def _dict(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
