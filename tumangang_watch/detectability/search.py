"""Look again for trains where vehicles were inserted into a date: what no insertion changes is read once."""

from __future__ import annotations

from collections.abc import Sequence

from tumangang_watch.detect.coarse.find import find_group_trains, read_elsewhere
from tumangang_watch.detect.coarse.infer import GroupReading
from tumangang_watch.detect.trains.find import described, read_strips, read_tracks, tracks_seen, trains_in
from tumangang_watch.detect.trains.reading import TrackReading
from tumangang_watch.detect.trains.segments import TrainSegment
from tumangang_watch.detect.trains.strips import SampledAgain, strips_of
from tumangang_watch.detectability.model import Placement
from tumangang_watch.model.detection import Detection
from tumangang_watch.model.observation import Observation
from tumangang_watch.model.site import Site, Track
from tumangang_watch.settings.trains import TrainSettings

Windows = Sequence[tuple[slice, slice]]


class TrialSearch:
    """Finds the trains of one date again and again, each time with other vehicles inserted."""

    def __init__(
        self, date: Observation, site: Site, settings: TrainSettings, other: Observation | None
    ) -> None:
        """Read a date as it is; ``other`` is another date in the same frame and radiometry."""
        self._site, self._settings = site, settings
        self._tracks = tracks_seen(date, site)
        self._strips: list[SampledAgain] = []
        self._behind: list[TrackReading] = []
        self._elsewhere: list[list[GroupReading]] = []
        if date.image.gsd_m > settings.track_gsd_max_m:
            others = () if other is None else (other,)
            self._elsewhere = read_elsewhere(date, self._tracks, settings.groups, others)
        else:
            strips = strips_of(date, site, self._tracks, settings)
            self._strips = [SampledAgain.of_strip(strip, date.image) for strip in strips]
            self._behind = [] if other is None else [read_tracks(other, site, self._tracks, settings)]

    def trains(
        self, date: Observation, placements: Sequence[Placement], windows: Windows
    ) -> tuple[Detection, ...]:
        """Return the trains that stand where vehicles were inserted.

        Parameters
        ----------
        date : Observation
            The date with the insertions.
        windows : (rows, cols) of each
            Native pixels that they changed.
        """
        if date.image.gsd_m > self._settings.track_gsd_max_m:
            return find_group_trains(date, self._site, self._tracks, self._settings.groups, self._elsewhere)

        def asked(track: Track, run: TrainSegment) -> bool:
            return any(
                p.track == track.id and p.from_m < run.to_m and run.from_m < p.to_m for p in placements
            )

        strips = [strip.of(date.image, windows, self._settings) for strip in self._strips]
        read = read_strips(strips, date.sunlit_scene, self._settings, self._behind)
        found = [] if read is None else trains_in(read, self._settings, asked)
        return described(found, date, self._site, self._settings)
