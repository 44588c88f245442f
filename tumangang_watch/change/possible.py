"""How likely goods came or went where that is only possible: something speaks against it."""

from __future__ import annotations

from tumangang_watch.model.detection import Detection
from tumangang_watch.model.interval import log_odds, logistic
from tumangang_watch.settings.change import ChangeSettings


def chance_of(items: list[Detection], settings: ChangeSettings) -> float:
    """Return how likely goods that one date alone shows came or went; the least likely of several counts."""
    return min(logistic(settings.cargo_possible, terms_of(item, settings)) for item in items)


def terms_of(item: Detection, settings: ChangeSettings) -> tuple[float, float, float, float, float]:
    """Return what `ChangeSettings.cargo_possible` weighs of one object.

    1, the log-odds of its confidence, whether it throws a shadow, the part of its outline that its apron's
    edge cuts, and whether the other date shows its place bare.
    """
    cues = dict(item.evidence)
    bare = cues.get("other_contrast", 1.0) <= settings.cargo_bare_contrast
    return 1.0, log_odds(item.confidence), cues.get("shadow", 0.0), cues.get("edge", 0.0), float(bare)
