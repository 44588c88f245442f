"""Make a site file of tracks and polygons drawn elsewhere."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tumangang_watch.files import failing_as
from tumangang_watch.settings.scenes import SiteSettings
from tumangang_watch.sites.importing.assemble import collection_of
from tumangang_watch.sites.importing.layers import SourceFeature, SourceReader
from tumangang_watch.sites.importing.pieces import pieces_of
from tumangang_watch.sites.importing.roles import ImportOptions
from tumangang_watch.sites.importing.stage import refusal, stage

__all__ = ["ImportOptions", "Imported", "import_sources"]


@dataclass(frozen=True)
class Imported:
    """A site's FeatureCollection and what a person should know of how it was made."""

    collection: dict[str, Any]
    left_out: dict[str, int]
    """How many features were left out, by reason."""
    notes: tuple[str, ...]


def import_sources(sources: Sequence[Path], options: ImportOptions) -> Imported:
    """Return the site that the sources make together; nothing is written.

    Raises
    ------
    InputRefused
        A source cannot be read, says no reference system, or holds nothing to import; a role or
        geometry is at fault.
    """
    limits = SiteSettings()
    reader = SourceReader(limits=limits, wanted=options.layers, crs=options.crs)
    features: list[SourceFeature] = []
    for source in sources:
        with tempfile.TemporaryDirectory(prefix="tumangang-watch-") as folder:
            with failing_as("cannot copy the source", source, "Give a TMPDIR that can be written"):
                staged = stage(source, Path(folder), limits)
            for item in staged:
                features += reader.read(item)
    left_out: Counter[str] = Counter()
    missing = [name for name in options.layers if name not in reader.layers]
    if missing:
        there = ", ".join(dict.fromkeys(reader.layers))[:200] or "none"
        raise refusal(sources[0], f"it has no layer {missing[0]!r}", f"Its layers: {there}")
    if options.id_field and not any(options.id_field.lower() in f.properties for f in features):
        raise refusal(sources[0], f"no feature has a field {options.id_field!r}", "Name one that it has")
    pieces = pieces_of(features, options, limits, left_out, reader.notes)
    if not pieces:
        reasons = "; ".join(f"{n} {why}" for why, n in left_out.most_common(4)) or "it is empty"
        raise refusal(sources[0], f"nothing in it can be imported ({reasons})", "Say what it is with --role")
    collection = collection_of(pieces, options)
    return Imported(collection, dict(left_out.most_common()), tuple(dict.fromkeys(reader.notes)))
