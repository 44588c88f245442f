"""Everything that can be said against a site file: its faults, and the doubts about a sound one."""

from __future__ import annotations

from pathlib import Path

from tumangang_watch.sites.read import build_site, faults_of, read_collection
from tumangang_watch.sites.remarks import Remark


def examine_site(path: Path) -> list[Remark]:
    """Return the faults of a site file in file order; of a sound file its doubts."""
    file = Path(path)
    faults = faults_of(file)
    if faults:
        return faults
    from tumangang_watch.sites.doubts import repeated_vertices, site_doubts

    data, sha256 = read_collection(file)
    return [*repeated_vertices(data["features"]), *site_doubts(build_site(file, data, sha256))]
