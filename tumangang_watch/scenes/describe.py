"""What a scene is, as plain values for ``inspect``."""

from __future__ import annotations

from tumangang_watch.model.scene import Scene
from tumangang_watch.text import utc_text


def describe(scene: Scene) -> dict[str, object]:
    """Return everything understood of a scene; what is unknown is None, never 0."""
    return {
        "id": scene.id,
        "file": scene.image.name,
        "files": [f.name for f in scene.files],
        "sha256": scene.sha256,
        "acquired": utc_text(scene.acquired, fractions=False),
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
    }
