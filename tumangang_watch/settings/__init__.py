"""Every number that is not arithmetic, named, with its source.

A setting's docstring gives its source, or says "calibrated" with the command that calibrates it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace

from tumangang_watch.settings.cargo import CargoSettings, HandlingSettings
from tumangang_watch.settings.change import ChangeSettings, HistorySettings
from tumangang_watch.settings.detectability import DetectabilitySettings, LimitSettings
from tumangang_watch.settings.preprocess import NormaliseSettings, QualitySettings, RegistrationSettings
from tumangang_watch.settings.records import SeriesSettings, WatchSettings
from tumangang_watch.settings.reidentify import JourneySettings, SameTrainSettings
from tumangang_watch.settings.scenes import FrameSettings, ReadSettings
from tumangang_watch.settings.tracks import TraceSettings
from tumangang_watch.settings.trains import LoadSettings, MotionSettings, TrainSettings


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings of a run."""

    frame: FrameSettings = field(default_factory=FrameSettings)
    read: ReadSettings = field(default_factory=ReadSettings)
    quality: QualitySettings = field(default_factory=QualitySettings)
    registration: RegistrationSettings = field(default_factory=RegistrationSettings)
    normalise: NormaliseSettings = field(default_factory=NormaliseSettings)
    trains: TrainSettings = field(default_factory=TrainSettings)
    cargo: CargoSettings = field(default_factory=CargoSettings)
    handling: HandlingSettings = field(default_factory=HandlingSettings)
    motion: MotionSettings = field(default_factory=MotionSettings)
    load: LoadSettings = field(default_factory=LoadSettings)
    limits: LimitSettings = field(default_factory=LimitSettings)
    trace: TraceSettings = field(default_factory=TraceSettings)
    change: ChangeSettings = field(default_factory=ChangeSettings)
    same_train: SameTrainSettings = field(default_factory=SameTrainSettings)
    detectability: DetectabilitySettings = field(default_factory=DetectabilitySettings)
    watch: WatchSettings = field(default_factory=WatchSettings)
    series: SeriesSettings = field(default_factory=SeriesSettings)
    history: HistorySettings = field(default_factory=HistorySettings)
    journeys: JourneySettings = field(default_factory=JourneySettings)

    def with_trials(self, wanted: bool) -> Settings:
        """Return the same with, or without, trials of what could have been missed."""
        return replace(self, detectability=replace(self.detectability, enabled=wanted))

    @property
    def sha256(self) -> str:
        """Digest of all values, for the report."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()

    def text(self) -> str:
        """Return every value as JSON, group by group, to be printed."""
        return json.dumps({"settings_sha256": self.sha256, **asdict(self)}, indent=2, ensure_ascii=False)
