"""Reports and ``--version`` name the libraries at work, and what is known against them."""

from __future__ import annotations

import rasterio
from support.command import run

from tumangang_watch.report.libraries import known_faults, library_versions


def test_versions_are_those_at_work():
    assert library_versions()["gdal"] == rasterio.__gdal_version__
    told = run("--version", status=0).stdout
    assert told.startswith("tumangang-watch, version ")
    assert all(f"{name} {number}" in told for name, number in library_versions().items())


def test_what_is_known_against_a_version_is_told():
    old, new = ({**library_versions(), "gdal": v, "gdal_vector": "3.12.4"} for v in ("3.10.3", "3.11.0rc1"))
    assert known_faults(old) == [
        "gdal 3.10.3 is older than 3.11.0: CVE-2026-4738: a damaged file may write beyond its memory"
    ]
    assert known_faults(new) == []
