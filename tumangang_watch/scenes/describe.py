"""What a scene is and what it can show, as plain values for ``inspect``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tumangang_watch.settings.read import ReadSettings

if TYPE_CHECKING:
    from tumangang_watch.model.scene import Scene


def describe(scene: Scene, settings: ReadSettings | None = None) -> dict[str, Any]:
    """Return everything understood of a scene; what is unknown is None, never 0."""
    limits = settings or ReadSettings()
    return {
        "id": scene.id,
        "file": scene.image.name,
        "files": [f.name for f in scene.files],
        "sha256": scene.sha256,
        "acquired": scene.acquired.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "provider": scene.provider,
        "crs": scene.crs,
        "width_px": scene.width,
        "height_px": scene.height,
        "dtype": scene.dtype,
        "gsd_m": round(scene.gsd_m, 4),
        "pixel_m": round(scene.pixel_m, 4),
        "bands": scene.bands,
        "radiometry": scene.radiometry,
        "nodata": scene.nodata,
        "sun_azimuth_deg": scene.sun_azimuth_deg,
        "sun_elevation_deg": scene.sun_elevation_deg,
        "off_nadir_deg": scene.off_nadir_deg,
        "view_azimuth_deg": scene.view_azimuth_deg,
        "cloud_fraction": scene.cloud_fraction,
        "mask": scene.mask.name if scene.mask else None,
        "licence": scene.licence,
        "sources": {**scene.sources, "bands": scene.band_source},
        "warnings": list(scene.warnings),
        "can_show": _can_show(scene, limits),
    }


def _can_show(scene: Scene, limits: ReadSettings) -> dict[str, Any]:
    sun, view = scene.sun_elevation_deg, scene.off_nadir_deg
    notes = []
    if sun is None:
        notes.append("sun position unknown: heights from shadows cannot be given")
    elif sun < limits.low_sun_deg:
        notes.append(f"the sun stands only {sun:.0f} degrees high: long shadows hide ground and trains")
    if view is not None and view > limits.far_off_nadir_deg:
        notes.append(f"seen {view:.0f} degrees off nadir: trains lean over the next track")
    if not {"red", "green", "blue"} <= scene.bands.keys():
        notes.append("no colour: car colours cannot be given")
    if "nir" not in scene.bands:
        notes.append("no near infrared: vegetation and water are told from colour alone")
    if scene.radiometry != "reflectance":
        notes.append("brightness is relative: dates are compared only after normalisation")
    nominal_m = scene.gsd_m / limits.gsd_slack
    own_track, fine = nominal_m <= limits.length_gsd_m, nominal_m <= limits.count_gsd_m
    if not own_track:
        notes.append(f"at {scene.gsd_m:.1f} m a wagon is one pixel: which track a train is on cannot be told")
    elif not fine:
        notes.append(f"at {scene.gsd_m:.1f} m couplings are not seen: cars cannot be counted")
    return {
        "train_presence": "track" if own_track else "track group",
        "train_length": "measured" if own_track else "interval",
        "cars_counted": fine,
        "car_colours": fine and {"red", "green", "blue"} <= scene.bands.keys(),
        "cargo_objects": fine,
        "limits": notes,
    }
